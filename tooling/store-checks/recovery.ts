import { randomUUID } from "node:crypto";
import { type CheckpointStore, createWorkflowEngine, type NodeExecutor, type WorkflowDefinition } from "@waymark/core";
import { expect, it } from "vitest";
import { isThorough } from "../thorough.ts";
import type { StoreAddress } from "../trials/index.ts";
import { recoverInProcesses } from "./recovering-processes.ts";

const MANY = isThorough ? 1_000 : 100;
/** Calls of the store at a time, while executions are made. */
const AT_A_TIME = 50;

/**
 * Checks, on a store of any kind, that recoveries find what is theirs among much that is not, and start nothing twice.
 *
 * - `address`: where other processes find the data of `store`.
 */
export function itRecoversAmongMany(store: () => CheckpointStore, address: StoreAddress): void {
  it(`runs the one execution that it knows after ${MANY} due ones of another application, in one pass`, async () => {
    const userId = randomUUID();
    const theirs = application(store(), ["theirs"]);
    await times(MANY, async (each) => {
      await theirs.engine.startExecution({ workflowId: "theirs", userId, executionId: `${userId}${each}` });
    });
    const ours = application(store(), ["ours"]);
    const { executionId } = await ours.engine.startExecution({ workflowId: "ours", userId });
    const { resumed, left } = await ours.engine.recoverExecutions({ limit: 1, userId });
    expect([resumed, left.length]).toEqual([1, MANY]);
    expect((await store().getExecution(executionId))?.status).toBe("completed");
    expect(theirs.starts.size).toBe(0);
  }, 120_000);

  it("completes all executions of two versions of an application, rolled forward and back, each by the right one", async () => {
    const userId = randomUUID();
    const [before, after] = [application(store(), ["both", "old"]), application(store(), ["both", "new"], 3)];
    const start = ({ engine }: Application, workflowId: string, name: string) =>
      engine.startExecution({ workflowId, userId, executionId: `${userId}${workflowId}${name}` });
    // The old version alone, both, the new one alone, and the old one again.
    for (const [phase, versions] of [[before], [before, after], [after], [before]].entries()) {
      for (const version of versions) {
        const name = `${phase}${version === before ? "by the old" : "by the new"}`;
        await start(version, "both", name);
        await start(version, version === before ? "old" : "new", name);
      }
      await Promise.all(versions.map(({ engine }) => engine.recoverExecutions({ userId })));
    }
    await after.engine.recoverExecutions({ userId });
    const { items } = await store().listExecutions({ userId });
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => "completed"));
    for (const id of [...before.starts.keys(), ...after.starts.keys()]) {
      expect(before.starts.has(id) && after.starts.has(id), id).toBe(false);
      if (id.startsWith(`${userId}old`)) expect(before.starts.has(id), id).toBe(true);
      if (id.startsWith(`${userId}new`)) expect(after.starts.has(id), id).toBe(true);
    }
  }, 60_000);

  it(`starts each of ${MANY} executions once that are due at once, with 4 processes that then end by themselves`, async () => {
    const userId = randomUUID();
    const { engine } = application(store(), ["due"]);
    await times(MANY, async (each) => {
      await engine.startExecution({ workflowId: "due", userId, executionId: `${userId}${each}` });
    });
    const plan = { address, workflowId: "due", userId };
    const starts = await recoverInProcesses(plan, { processes: 4, executions: MANY });
    expect(starts.flat().sort()).toEqual(Array.from({ length: MANY }, (_, each) => `${userId}${each}`).sort());
  }, 120_000);

  it(`calls no executor for ${MANY} old rows that are imported while a recovery runs`, async () => {
    const userId = randomUUID();
    const { engine, starts } = application(store(), ["imported"]);
    const recovery = engine.startRecovery({ intervalMs: 50, userId });
    const output = { checkpoints: [], currentContext: {}, currentStep: 0, totalSteps: 1 };
    await times(MANY, async (each) => {
      const status = ["running", "pending", "completed", "failed"][each % 4] as string;
      const row = { workflowId: "imported", userId, executionId: `${userId}${each}`, status, output };
      await engine.WorkflowState.importExecutionOutput(row);
    });
    await recovery.stop();
    // A last look at all of them.
    expect(await engine.recoverExecutions({ userId })).toEqual({ resumed: 0, left: [] });
    expect(starts.size).toBe(0);
  }, 120_000);
}

type Application = ReturnType<typeof application>;

/** An engine with workflows of so many nodes, and how often it has started the first node of each execution. */
function application(store: CheckpointStore, workflowIds: readonly string[], nodes = 1) {
  const starts = new Map<string, number>();
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`);
  const edges = ids.slice(1).map((target, index) => ({ source: `n${index}`, target }));
  const executor: NodeExecutor = ({ context, node, executionId }) => {
    if (node.id === "n0") starts.set(executionId, (starts.get(executionId) ?? 0) + 1);
    return context;
  };
  const engine = createWorkflowEngine({
    store,
    workflows: workflowIds.map((id): WorkflowDefinition => ({ id, nodes: ids.map((each) => ({ id: each })), edges })),
    executors: { default: executor },
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  });
  return { engine, starts };
}

/** Calls back so many times, some at a time. */
async function times(count: number, work: (each: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let each = next++; each < count; each = next++) await work(each);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}
