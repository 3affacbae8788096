import { isDeepStrictEqual } from "node:util";
import type { CheckpointStore, ExecutionRecord } from "@waymark/core";
import { isEnded } from "@waymark/core/store";
import { contextOf } from "../state-of.ts";
import type { Case, Observed } from "./chaos-case.ts";
import { type ChaosStart, childId, GIVEN, ITEMS, totalOf } from "./chaos-children.ts";
import { expected } from "./chaos-model.ts";
import { type ChaosPlan, planOf } from "./chaos-workflow.ts";
import type { Ledger } from "./ledger.ts";

/**
 * Judges what an execution has started, and returns it, to be judged by itself.
 *
 * - Each of its children is of a node that starts that workflow, and no item has two.
 * - A node that has completed has all of its children, and the results of a map are theirs, in the order of the items.
 * - No child of an execution that has completed or was cancelled is left.
 * - Once a call has cancelled an execution, the children that there were have ended, and so have theirs.
 */
export async function judgeChildren(
  { store, ledger }: { store: CheckpointStore; ledger: Pick<Ledger, "heardMs"> },
  parent: Case,
): Promise<[string, Observed][]> {
  const { head, observed, model, done, context, check } = parent;
  const cancel = head.status === "cancelled" ? observed.cancel : undefined;
  const { nodes } = observed.plan;
  const heads = await childrenOf(store, head.id);
  const given = new Map<string, number>();
  for (const { id } of heads) {
    // One that cannot be read is a violation of its own.
    const context = await contextOf(store, id).catch((): Record<string, unknown> => ({}));
    given.set(id, Number(context[GIVEN]));
  }
  const groups = new Map<string, ExecutionRecord[]>();
  for (const child of heads) {
    const run = `${child.parentNodeId}:${child.parentVisit}`;
    groups.set(run, [...(groups.get(run) ?? []), child]);
  }
  for (const { id, workflowId, status, parentNodeId = "", endedAt = Number.POSITIVE_INFINITY } of heads) {
    const starts = nodes[indexOf(parentNodeId)]?.starts;
    check(
      starts !== undefined && workflowId === childId(starts.child),
      () => `${parentNodeId} has started ${workflowId}`,
    );
    const mayBeLeft = head.status === "failed" || isEnded(status);
    check(mayBeLeft, () => `its child ${id} of ${parentNodeId} is ${status}`);
    const wasThere = cancel !== undefined && ledger.heardMs(id) < cancel.begunMs;
    check(
      !wasThere || endedAt <= cancel.overAt,
      () => `its child ${id} went on when it was cancelled: ${status} ${endedAt - (cancel?.overAt ?? 0)} ms later`,
    );
  }
  for (const [run, group] of groups) {
    const items = group.map(({ id }) => given.get(id)).sort();
    check(new Set(items).size === items.length, () => `${run} has started two children for one item: ${items}`);
  }
  for (const { nodeId, visit } of done) {
    const starts = nodes[indexOf(nodeId)]?.starts;
    if (starts === undefined) continue;
    const group = groups.get(`${nodeId}:${visit}`) ?? [];
    const items = group.map(({ id }) => given.get(id) as number).sort((one, other) => one - other);
    // A fork has the results of the nodes before its point, and not their children.
    const isInherited = observed.forkedAt !== undefined && group.length === 0;
    const isAll = starts.kind === "sub" ? items.length === 1 : isDeepStrictEqual(items, ITEMS);
    check(isAll || isInherited, () => `${nodeId}:${visit} has completed with children for ${items}`);
    // What had failed, and was collected, is cancelled with its parent.
    const failures = head.status === "cancelled" ? ["failed", "cancelled"] : ["failed"];
    check(
      group.every(({ status }) => status === "completed" || (starts.kind === "collect" && failures.includes(status))),
      () => `${nodeId}:${visit} has completed with children that are ${group.map(({ status }) => status)}`,
    );
    if (starts.kind !== "sub") {
      const results = context[nodeId];
      check(
        isDeepStrictEqual(shown(results), shown(resultsOf(starts))),
        () => `${nodeId} has the results ${JSON.stringify(results)}, not ${JSON.stringify(resultsOf(starts))}`,
      );
    }
  }
  const { status } = head;
  return heads.map(({ id, workflowId }) => [
    id,
    {
      plan: planOf(workflowId) as ChaosPlan,
      parent: { status, given: given.get(id) as number, failures: model.failures },
      ...{ isCancelled: false, answers: 0, results: [], ...(cancel && { cancel }) },
    },
  ]);
}

async function childrenOf(store: CheckpointStore, parentId: string): Promise<ExecutionRecord[]> {
  const heads: ExecutionRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ parentId, ...(cursor === undefined ? {} : { cursor }) });
    heads.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return heads;
}

/** The results of a map, as the model has them: totals, or `undefined` for an item that fails. */
function resultsOf({ child }: ChaosStart): (number | undefined)[] {
  const plan = planOf(childId(child)) as ChaosPlan;
  return ITEMS.map((item) => {
    const { mayComplete, values } = expected(plan, item);
    return mayComplete ? totalOf(Object.fromEntries(values)) : undefined;
  });
}

/** Reduces results to totals; a failure that was collected is `undefined`. */
function shown(results: unknown): unknown {
  if (!Array.isArray(results)) return results;
  return results.map((result: unknown) =>
    typeof result === "object" && result !== null ? (result as { output?: number }).output : result,
  );
}

function indexOf(nodeId: string): number {
  return Number(nodeId.slice(1));
}
