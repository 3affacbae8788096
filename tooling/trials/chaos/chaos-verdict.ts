import type { CheckpointStore, WorkflowStatus } from "@waymark/core";
import { isEnded } from "@waymark/core/store";
import { contextOf } from "../state-of.ts";
import type { Case, Observed } from "./chaos-case.ts";
import { judgeChildren } from "./chaos-child-verdict.ts";
import { numberOf } from "./chaos-children.ts";
import { type Expected, expected } from "./chaos-model.ts";
import type { EffectsServer, MadeEffect } from "./effects-server.ts";
import type { Ledger } from "./ledger.ts";

/** What there is to judge. */
interface Evidence {
  store: CheckpointStore;
  executions: ReadonlyMap<string, Observed>;
  effects: EffectsServer;
  ledger: Ledger;
}

/**
 * Compares what is in the store, what workers reported and what the effects server saw with the model.
 *
 * - Every execution has one end, and it is one that the model allows, with the model's values.
 * - No node ran again whose checkpoint was committed, no attempt ran twice, and no node with `onCrash: "fail"` did.
 * - No version was written twice, and none by an owner that had lost the execution.
 * - Every effect was made once; so was each one of a completed execution.
 * - All of this holds for the executions that others start, and the results of their parents are theirs, in order.
 * - Nothing below a cancelled execution that was there before the call went on after it.
 */
export async function judgeChaos(
  evidence: Evidence,
): Promise<{ ends: Partial<Record<WorkflowStatus, number>>; children: number; violations: string[] }> {
  const { store, executions, effects, ledger } = evidence;
  const violations = [...effects.violations, ...ledger.violations];
  const ends: Partial<Record<WorkflowStatus, number>> = {};
  const made = effectsByExecution(effects);
  let children = 0;
  const all = [...executions];
  // The loop also visits children that are added to the list meanwhile.
  for (const [id, observed] of all) {
    const head = await store.getExecution(id);
    if (head === undefined) {
      violations.push(`${id}: is missing`);
      continue;
    }
    if (observed.parent === undefined) ends[head.status] = (ends[head.status] ?? 0) + 1;
    else children += 1;
    const records = await store.readCheckpoints(id);
    const context = await contextOf(store, id).catch((error: unknown) => {
      violations.push(`${id} (${head.status}): cannot be read: ${error}`);
    });
    if (context === undefined) continue;
    const model = modelOf(observed);
    const found: Case = {
      ...{ head, observed, records, model, made: made.get(id) ?? [] },
      // A node that is passed over can have a snapshot beside its error.
      done: records.filter(({ nodeId, kind }) => nodeId !== "" && kind !== "error" && !model.passedOver.has(nodeId)),
      context,
      check: (isRight, what) => {
        if (!isRight) violations.push(`${id} (${head.status}): ${what()}`);
      },
    };
    judgeEnd(found, ledger);
    judgeHistory(found);
    judgeEffects(found);
    judgeRuns(found, effects);
    all.push(...(await judgeChildren({ store, ledger }, found)));
  }
  for (const filter of [{ due: true }, { leaseExpired: true }]) {
    const { items } = await store.listExecutions(filter);
    for (const { id } of items) violations.push(`${id}: is listed as ${Object.keys(filter)}`);
  }
  return { ends, children, violations };
}

/** Returns what an execution may come to. A child is cancelled with its parent, and fails with it at a deadline. */
function modelOf({ plan, parent }: Observed): Expected {
  const model = expected(plan, parent?.given);
  if (parent === undefined) return model;
  const failures = [...model.failures, ...parent.failures.filter(({ nodeId }) => nodeId === undefined)];
  return { ...model, failures, mayBeCancelled: parent.status === "cancelled" };
}

function effectsByExecution({ effects }: EffectsServer): ReadonlyMap<string, readonly MadeEffect[]> {
  const made = new Map<string, MadeEffect[]>();
  for (const effect of effects.values()) {
    const others = made.get(effect.executionId);
    if (others === undefined) made.set(effect.executionId, [effect]);
    else others.push(effect);
  }
  return made;
}

function judgeEnd({ head, observed, model, check }: Case, ledger: Ledger): void {
  const { id, status, failure } = head;
  const { isCancelled, results, parent } = observed;
  const mayFail = model.failures.some(
    ({ nodeId, code }) => code === failure?.code && (nodeId === undefined || nodeId === failure.nodeId),
  );
  const isAllowed =
    (status === "completed" && model.mayComplete && !isCancelled) ||
    (status === "cancelled" && model.mayBeCancelled) ||
    (status === "failed" && mayFail && !isCancelled) ||
    // A resume of the parent would continue it.
    (status === "suspended" && parent?.status === "failed");
  check(isAllowed, () => `the model has no such end: ${JSON.stringify(failure)}${isCancelled ? ", cancelled" : ""}`);
  const told = [...(ledger.ends.get(id) ?? []), ...results.filter((result) => isEnded(result as WorkflowStatus))];
  // What has failed may be cancelled, or continued by an answer.
  const mayContinue = status === "cancelled" || observed.answers > 0 || parent !== undefined;
  const isTold = (each: string) => each === status || (each === "failed" && mayContinue);
  check(told.every(isTold), () => `was told to end as ${told.join(", ")}`);
  check(head.owner === undefined, () => `has the owner ${head.owner}`);
  check(status !== "completed" || head.waiting === undefined, () => `waits: ${JSON.stringify(head.waiting)}`);
}

function judgeHistory({ head, observed, model, records, done, context, check }: Case): void {
  const numbers = records.map(({ seq }) => seq);
  check(
    head.seq === numbers.length - 1 && numbers.every((seq, index) => seq === index),
    () => `its head counts ${head.seq} records, there are ${numbers.join(" ")}`,
  );
  const ran = done.map(runOf);
  check(new Set(ran).size === ran.length, () => `its history has the nodes ${ran.join(" ")}`);
  const isComplete = head.status === "completed";
  check(
    !isComplete || observed.forkedAt !== undefined || ran.length === [...model.visits.values()].reduce(sum, 0),
    () => `its history has only the nodes ${ran.join(" ")}`,
  );
  for (const nodeId of isComplete ? model.values.keys() : new Set(done.map((record) => record.nodeId))) {
    const [is, should] = [numberOf(context[nodeId]), model.values.get(nodeId)];
    check(is === should, () => `${nodeId} has the value ${is}, not ${should}`);
  }
}

function judgeEffects({ head, observed, model, done, made, check }: Case): void {
  const { nodes } = observed.plan;
  const ran = new Set(done.filter(({ nodeId }) => nodes[Number(nodeId.slice(1))]?.starts === undefined).map(runOf));
  const keyed = made.map(runOf);
  check(new Set(keyed).size === keyed.length, () => `a key has changed: effects of ${keyed.join(" ")}`);
  for (const effect of made) {
    const { nodeId, value } = effect;
    check(value === model.values.get(nodeId), () => `${nodeId} made the effect ${value}`);
    const isKnown = head.status !== "completed" || ran.has(runOf(effect));
    check(isKnown, () => `${runOf(effect)} made an effect and has no checkpoint`);
  }
  for (const run of ran) check(keyed.includes(run), () => `${run} has a checkpoint and made no effect`);
}

function judgeRuns({ head, observed, done, check }: Case, effects: EffectsServer): void {
  for (const { id: nodeId, retry } of observed.plan.definition.nodes) {
    const runs = effects.runs.get(`${head.id} ${nodeId}`) ?? [];
    const committed = new Map(
      done.filter((record) => record.nodeId === nodeId).map(({ visit, attempt }) => [visit, attempt]),
    );
    const names = runs.map(({ visit, attempt, wait }) => `${visit}:${attempt}/${wait}`);
    const list = names.join(" ");
    check(
      runs.every(({ visit, attempt }) => attempt <= (committed.get(visit) ?? Number.POSITIVE_INFINITY)),
      () => `${nodeId} was committed by the attempts ${[...committed].join(" ")}, and ran again: ${list}`,
    );
    check(new Set(names).size === names.length, () => `${nodeId} ran an attempt twice: ${list}`);
    const isOnce = retry?.onCrash === "fail";
    check(
      !isOnce || runs.length <= new Set(runs.map(({ visit }) => visit)).size + observed.answers,
      () => `${nodeId} must not start again after a crash: ${list}`,
    );
  }
}

/** A run of a node, by its visit. */
function runOf({ nodeId, visit }: { nodeId: string; visit: number }): string {
  return `${nodeId}:${visit}`;
}

function sum(total: number, each: number): number {
  return total + each;
}
