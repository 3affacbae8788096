import { randomUUID } from "node:crypto";
import { type CheckpointStore, createWorkflowEngine, systemClock, type WorkflowEngine } from "@waymark/core";
import { expect, it } from "vitest";

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

/** Checks, on a store of any kind, that executions are pruned by their end and by the store's clock. */
export function itPrunesByTheEnd(store: () => CheckpointStore): void {
  it("prunes what ended long ago, not what is old, by the store's clock, and failed ones only if asked to", async () => {
    for (const skewMs of [-YEAR_MS, 0, YEAR_MS]) {
      const clock = { ...systemClock, now: () => Date.now() + skewMs };
      const engine = createWorkflowEngine({ store: store(), workflows: [], executors: {}, clock });
      const workflowId = randomUUID();
      const ids = async () => {
        const { items } = await engine.listExecutions({ workflowId });
        return items.map(({ id }) => id.slice(workflowId.length)).sort();
      };
      await importRows(engine, workflowId);
      await engine.forkExecution({ executionId: `${workflowId}done`, at: { stepNumber: 0 } });
      const prune = (options: object = {}) =>
        engine.pruneExecutions({ olderThanMs: 30 * DAY_MS, workflowId, ...options });

      const all = await ids();
      const [fork, ...rows] = all;
      expect(rows).toEqual(["cancelled", "done", "failed", "new", "slow"]);
      expect([await prune({ dryRun: true }), await ids()]).toEqual([2, all]);
      expect(await prune({ olderThanMs: 50 * DAY_MS })).toBe(0);
      const told: object[] = [];
      expect(await prune({ onProgress: (progress: object) => told.push(progress) })).toBe(2);
      expect(told).toEqual([{ looked: 2, deleted: 2 }]);
      expect(await ids()).toEqual([fork, "failed", "new", "slow"]);
      expect([await prune(), await prune({ status: "failed", userId: "bob" })]).toEqual([0, 0]);
      expect(await prune({ status: ["failed", "completed"] })).toBe(1);
      expect(await ids()).toEqual([fork, "new", "slow"]);
    }
  });
}

/** Executions as an old table has them: three that ended 40 days ago, one that took as long and ends now, and a new one. */
async function importRows({ WorkflowState }: WorkflowEngine, workflowId: string): Promise<void> {
  const longAgo = Date.now() - 40 * DAY_MS;
  const rows = [
    { id: "done", status: "completed", createdAt: longAgo, endedAt: longAgo },
    { id: "failed", status: "failed", createdAt: longAgo, endedAt: longAgo },
    { id: "cancelled", status: "cancelled", createdAt: longAgo, endedAt: longAgo },
    { id: "slow", status: "completed", createdAt: longAgo },
    { id: "new", status: "completed" },
  ];
  const output = { checkpoints: [], currentContext: {}, currentStep: 0, totalSteps: 0 };
  for (const { id, ...row } of rows) {
    const executionId = `${workflowId}${id}`;
    await WorkflowState.importExecutionOutput({ workflowId, userId: "alice", executionId, output, ...row });
  }
}
