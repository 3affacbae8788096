import { randomUUID } from "../crypto.ts";
import { checkHead } from "../state/checked-history.ts";
import { refuseIncompleteImport } from "../state/incomplete-import.ts";
import { initialRecord } from "../state/initial-record.ts";
import { readHead } from "../state/open-execution.ts";
import { noProgress, type Progress, snapshotOf } from "../state/progress.ts";
import { readSteadily } from "../state/read-history.ts";
import { readStateAt, type StateAt } from "../state/state-at.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ExecutionRecord, NewExecution } from "../store/checkpoint-store.ts";
import { refuseMisfit } from "./definition-fit.ts";
import type { EngineParts } from "./engine-parts.ts";
import { checkForkOptions, type ForkExecutionOptions } from "./fork-options.ts";
import { findForkPoint } from "./fork-point.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import { presentRuns, restorePlanner } from "./restored-planner.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

/** The definition that a fork runs by; `undefined` if the original is of a loop that no engine runs. */
type ForkedWorkflow = PreparedWorkflow | undefined;

/** A fork has no limits: it waits for a lookup as long as it takes. */
const UNLIMITED = { within: <T>(result: Promise<T>) => result, withinStore: <T>(answer: Promise<T>) => answer };

/**
 * Makes a new execution from a point in the history of another one, which is only read.
 *
 * - The fork is pending and due. It has the state of that point. The nodes that ran before the point count as run.
 */
export async function forkExecution(
  { surroundings, catalog, emitter, hint }: Pick<EngineParts, "surroundings" | "catalog" | "emitter" | "hint">,
  given: ForkExecutionOptions<object>,
): Promise<{ executionId: string }> {
  const options = checkForkOptions(given);
  const { executionId, at, userId, context } = options;
  const { codec, store } = surroundings;
  const ownText = context === undefined ? undefined : codec.encode(context);
  const read = await readHead(surroundings, executionId, userId);
  refuseIncompleteImport(read, "forked");
  const { head, seq, state, workflow } = await readSteadily(surroundings, read, async (now) => {
    checkHead(now);
    const workflow = await workflowOf(catalog, options, now);
    const nextNode = async (progress: Progress) => {
      const known = workflow ?? (await catalog.current(now.workflowId, now.userId));
      const next = restorePlanner(known, { progress }).next();
      return next === undefined ? undefined : known.steps[next]?.node.id;
    };
    const seq = await findForkPoint({ surroundings, head: now }, at, nextNode);
    const state = await readStateAt(surroundings, now, seq);
    if (options.definition === "current" && workflow !== undefined) {
      await refuseMisfit({ catalog, limits: UNLIMITED }, workflow, { head: now, ran: state.progress.ran });
    }
    return { head: now, seq, state, workflow };
  });
  // Also if the store has it: it then counts as saved lately, and is not deleted before the fork uses it.
  if (workflow !== undefined) await store.saveDefinition(workflow.hash, workflow.json);
  const fork = newExecution(surroundings, { head, seq, state, workflow }, ownText);
  const created = await store.createExecution(fork);
  const { id, totalSteps } = created;
  emitter.of(created)({ type: "execution.created", totalSteps, forkedFromId: head.id, forkedFromSeq: seq });
  await hint?.(id, { tenant: head.userId });
  return { executionId: id };
}

async function workflowOf(
  catalog: WorkflowCatalog,
  { definition }: Pick<ForkExecutionOptions, "definition">,
  head: ExecutionRecord,
): Promise<ForkedWorkflow> {
  const { definitionHash, workflowId, userId } = head;
  if (definition === "current") return catalog.current(workflowId, userId);
  return definitionHash === undefined ? undefined : (await catalog.kept()).original(definitionHash, head, UNLIMITED);
}

function newExecution(
  { codec, clock }: Surroundings,
  from: { head: ExecutionRecord; seq: number; state: StateAt; workflow: ForkedWorkflow },
  ownText: string | undefined,
): NewExecution {
  const { head, seq, state, workflow } = from;
  const { workflowId, userId, metadata } = head;
  const { ran, heldCount, left, visits, start } = state.progress;
  const { currentStep } = state;
  const reached: Progress = { ...noProgress(randomUUID()), ran, heldCount, left, visits, start };
  const planner = workflow === undefined ? undefined : restorePlanner(workflow, { progress: reached });
  const present =
    workflow === undefined || planner === undefined ? undefined : presentRuns(workflow.plans, planner, start);
  const progress = snapshotOf(reached, present);
  const totalSteps = planner === undefined ? head.totalSteps : currentStep + planner.open;
  const id = randomUUID();
  const contextText = ownText ?? codec.encode(state.context);
  const definitionHash = workflow?.hash;
  const { seq: _seq, ...checkpoint } = initialRecord({ codec, timestamp: clock.now() }, id, {
    ...{ contextText, progress, currentStep, totalSteps, definitionHash },
  });
  const fork: NewExecution = {
    ...{ id, workflowId, userId, status: "pending", wakeInMs: 0 },
    ...{ currentStep, totalSteps, forkedFromId: head.id, forkedFromSeq: seq, checkpoint },
  };
  if (definitionHash !== undefined) fork.definitionHash = definitionHash;
  if (metadata !== undefined) fork.metadata = metadata;
  return fork;
}
