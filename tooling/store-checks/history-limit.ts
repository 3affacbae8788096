import { type CheckpointRecord, type CheckpointStore, createWorkflowEngine, type NodeExecutor } from "@waymark/core";
import { expect, it } from "vitest";

const LIMIT = 4;
const NODES = Array.from({ length: 30 }, (_, at) => ({ id: `n${at + 1}` }));
const EDGES = NODES.slice(1).map(({ id }, at) => ({ source: `n${at + 1}`, target: id }));

/** Checks, on a store of any kind, that a history is kept within its limit, and that what is kept can be read. */
export function itKeepsALimitedHistory(store: () => CheckpointStore): void {
  it("keeps a history within its limit over short runs; it is read, resumed and forked as any other", async () => {
    let stopping = new AbortController();
    let left = 0;
    const executor: NodeExecutor = ({ context, node }) => {
      if (--left === 0) stopping.abort();
      return { ran: [...((context.ran as string[] | undefined) ?? []), node.id], blob: node.id.repeat(1_000) };
    };
    const engine = createWorkflowEngine({
      store: store(),
      workflows: [{ id: "limited", nodes: NODES, edges: EDGES }],
      executors: { default: executor },
      historyLimit: LIMIT,
    });
    const call = { workflowId: "limited", userId: "u1" };
    let result = await engine.executeWorkflow({ ...call, budgetMs: 0 });
    const { executionId } = result;
    // Most of them write less than a snapshot needs after it for what is before it to go.
    for (const nodes of [...Array.from({ length: 18 }, () => 1), 3, 5, 30]) {
      stopping = new AbortController();
      left = nodes;
      result = await engine.resumeWorkflow({ executionId, signal: stopping.signal });
      const records = await store().readCheckpoints(executionId);
      const kept = records.filter(({ kind, seq }: CheckpointRecord) => kind !== "save" && seq > 0).length;
      expect(kept).toBeGreaterThanOrEqual(Math.min(LIMIT, result.checkpointsCount));
      expect(kept).toBeLessThanOrEqual(2 * LIMIT + 1);
      expect(await store().getExecution(executionId)).toMatchObject({ firstSeq: records[0]?.seq });
    }
    expect(result).toMatchObject({ status: "completed", checkpointsCount: NODES.length });

    const checkpoints = (await engine.getExecutionState(executionId)).getCheckpoints();
    for (const { stepNumber, context } of checkpoints) expect(context.ran).toHaveLength(stepNumber);
    const page = await engine.getExecutionState(executionId, { checkpoints: { limit: 2 } });
    expect(page.getCheckpoints()).toEqual(checkpoints.slice(0, 2));
    const fork = await engine.forkExecution({ executionId, at: { stepNumber: checkpoints[0]?.stepNumber ?? 0 } });
    expect((await engine.resumeWorkflow(fork)).output).toEqual(result.output);
    await expect(engine.forkExecution({ executionId, at: { stepNumber: 1 } })).rejects.toThrow("were dropped");
  });
}
