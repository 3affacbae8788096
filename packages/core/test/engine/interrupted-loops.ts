import fc from "fast-check";
import { expect } from "vitest";
import {
  add,
  type CheckpointStore,
  createWorkflowEngine,
  end,
  isWorkflowError,
  type NodeExecutor,
  patch,
  route,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { runName } from "../definition/loop-examples.ts";
import { LoopOracle } from "../definition/loop-oracle.ts";
import { type RandomLoops, randomAnswer } from "../definition/random-loops.ts";
import { anyLoops } from "../definition/random-structured.ts";
import { immediateClock } from "../immediate-clock.ts";

/** More runs than any random workflow has that ends. A loop whose edge back leaves a disabled node never ends. */
const MOST_RUNS = 120;

/** The runs that the rules demand, in their order. `undefined`: the workflow is not valid, or never ends. */
function expectedRuns({ definition, startAt, seed }: RandomLoops): string[] | undefined {
  const runs: string[] = [];
  try {
    const oracle = new LoopOracle(definition, startAt);
    for (let [id] = oracle.ready(); id !== undefined; [id] = oracle.ready()) {
      const visit = oracle.visits(id) + 1;
      if (runs.push(runName(id, visit)) > MOST_RUNS) return undefined;
      oracle.run(id, randomAnswer({ definition, seed }, id, visit));
    }
  } catch {
    return undefined;
  }
  return runs;
}

interface Interruptions {
  nodeConcurrency: number;
  /** Turns of the event loop that the runs take, so that nodes end in another order than they start in. */
  durations: readonly number[];
  /** By run of an engine: the commit at which it crashes, and whether that commit is made. */
  crashes: readonly { call: number; when: "before" | "after" }[];
}

/**
 * Runs a workflow to its end although its engine crashes again and again; each time another engine resumes it.
 *
 * - Asserts that the visits that ran are those that the oracle demands, that none ran again once it was committed, and that
 *   the context has each of them once.
 * - Returns how many engines it took: 0 if the workflow is not valid, or never ends.
 */
async function assertInterruptedRuns(
  workflow: RandomLoops,
  { nodeConcurrency, durations, crashes }: Interruptions,
  store: CheckpointStore,
): Promise<number> {
  const expected = expectedRuns(workflow);
  if (expected === undefined) return 0;
  const { definition, startAt } = workflow;
  const runs: string[] = [];
  const executor: NodeExecutor = async ({ node, visit }) => {
    for (let turn = durations[runs.push(runName(node.id, visit)) % durations.length] ?? 0; turn > 0; turn--) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = patch({ count: add(1), [node.id]: visit });
    const handles = randomAnswer(workflow, node.id, visit);
    if (handles === undefined) return result;
    return handles === null ? end(result) : route(result, handles);
  };
  const engineOn = (on: CheckpointStore) =>
    createWorkflowEngine({
      ...{ store: on, workflows: [definition], executors: { default: executor } },
      ...{ nodeConcurrency, leaseMs: 0, clock: immediateClock(), maxRecoveries: 1_000 },
    });
  const call = { workflowId: "random", userId: "u", ...(startAt === undefined ? {} : { startAt }) };
  const created = await engineOn(store)
    .startExecution(call)
    .catch((error: unknown) => error);
  // The oracle knows neither which start nodes are allowed, nor loops without an entry.
  if (isWorkflowError(created)) return 0;
  const { executionId } = created as { executionId: string };
  const committedRuns = async () =>
    (await engineOn(store).getExecutionState(executionId))
      .getCheckpoints()
      .map(({ nodeId, visit }) => runName(nodeId, visit));
  let stuck = 0;
  let last = -1;
  for (let engines = 1; ; engines++) {
    const committed = await committedRuns();
    // The first commits of a resume only count the attempts, so an engine without progress lets the next one live longer.
    stuck = committed.length === last ? stuck + 1 : 0;
    last = committed.length;
    const before = runs.length;
    const { call: at, when } = crashes[engines % crashes.length] ?? { call: 1, when: "after" };
    const result = await engineOn(crashAt(store, { call: at + stuck, when }))
      .resumeWorkflow({ executionId })
      .catch((error: unknown) => error);
    expect(runs.slice(before).filter((run) => committed.includes(run))).toEqual([]);
    const isOver = isWorkflowError(result, "INVALID_STATUS") || !isWorkflowError(result, "STORE_UNAVAILABLE");
    if (!isOver) continue;
    const state = await engineOn(store).getExecutionState(executionId);
    expect([state.getStatus(), result]).toMatchObject(["completed", expect.anything()]);
    expect((await committedRuns()).toSorted()).toEqual(expected.toSorted());
    expect([...new Set(runs)].toSorted()).toEqual(expected.toSorted());
    expect(state.getContext().count ?? 0).toBe(expected.length);
    return engines;
  }
}

/**
 * Runs random workflows to their end although their engines crash: after every commit, or wherever `crashes` says.
 *
 * - Returns how many engines it took.
 */
export async function assertRandomRuns(
  storeOf: () => CheckpointStore,
  { maxNodes, numRuns, crashes }: { maxNodes: number; numRuns: number; crashes: "every commit" | "anywhere" },
): Promise<number> {
  const anywhere = fc.record({
    call: fc.integer({ min: 2, max: 5 }),
    when: fc.constantFrom("before" as const, "after" as const),
  });
  const everyCommit = fc.constant({ call: 1, when: "after" as const });
  const interruptions = fc.record({
    nodeConcurrency: fc.constantFrom(1, 4, 16),
    durations: fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }),
    crashes: fc.array(crashes === "anywhere" ? anywhere : everyCommit, { minLength: 1, maxLength: 4 }),
  });
  let engines = 0;
  await fc.assert(
    fc.asyncProperty(anyLoops(maxNodes), interruptions, async (workflow, options) => {
      engines += await assertInterruptedRuns(workflow, options, storeOf());
    }),
    { numRuns },
  );
  return engines;
}
