import { add, createWorkflowEngine, isWorkflowError, type NodeExecutor, patch, route } from "@waymark/core";
import { crashAt } from "@waymark/core/testing";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, expect, it, vi } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const store = await PostgresCheckpointStore.connect({ url: server.url });
afterAll(async () => {
  await store.close();
  await server.stop();
});

describe("nodes that run side by side", () => {
  it.each(["together", "after 10 ms"])("take at most 60 commits for 1,000 branches that end %s", async (ending) => {
    const branches = Array.from({ length: 1_000 }, (_, index) => ({ id: `b${index}` }));
    const workflow = {
      id: "wide",
      nodes: [{ id: "start" }, ...branches],
      edges: branches.map(({ id }) => ({ source: "start", target: id })),
    };
    // Those that are in flight together end together.
    let waiting: (() => void)[] = [];
    let left = branches.length;
    const executor: NodeExecutor = async ({ node }) => {
      if (node.id === "start") return patch({});
      await new Promise<void>((resolve) => {
        if (ending === "after 10 ms") return void setTimeout(resolve, 10);
        waiting.push(resolve);
        if (waiting.length < Math.min(100, left)) return;
        left -= waiting.length;
        for (const end of waiting.splice(0)) end();
        waiting = [];
      });
      return patch({ [node.id]: true, count: add(1) });
    };
    const commit = vi.spyOn(store, "commit");
    const engine = createWorkflowEngine({
      store,
      workflows: [workflow],
      executors: { default: executor },
      nodeConcurrency: 100,
    });
    const result = await engine.executeWorkflow({ workflowId: "wide", userId: "u" });
    expect(result).toMatchObject({ status: "completed", currentStep: 1_001, checkpointsCount: 1_001 });
    expect(result.output.count).toBe(1_000);
    expect(commit.mock.calls.length).toBeLessThanOrEqual(60);
    commit.mockRestore();
  });

  // A loop of three rounds, with two branches that meet in each.
  const loop = {
    id: "loop",
    nodes: ["start", "each", "a", "b", "join", "end"].map((id) => ({ id })),
    edges: [
      { source: "start", target: "each" },
      { source: "each", target: "a" },
      { source: "each", target: "b" },
      { source: "a", target: "join" },
      { source: "b", target: "join" },
      { source: "join", target: "each", sourceHandle: "again" },
      { source: "join", target: "end", sourceHandle: "done" },
    ],
  };
  const places = Array.from({ length: 14 }, (_, index) => index + 1).flatMap((call) =>
    (["before", "after"] as const).map((when) => ({ call, when })),
  );

  it.each(places)(
    "are finished by another engine if the store breaks: commit $call, $when it was made",
    async (place) => {
      const runs: string[] = [];
      const executor: NodeExecutor = async ({ node, visit }) => {
        runs.push(`${node.id} ${visit}`);
        const result = patch({ count: add(1) });
        return node.id === "join" ? route(result, visit < 3 ? "again" : "done") : result;
      };
      const options = { workflows: [loop], executors: { default: executor }, leaseMs: 0, storeRetryMs: 0 };
      const first = createWorkflowEngine({ ...options, store: crashAt(store, place), nodeConcurrency: 4 });
      const call = { workflowId: "loop", userId: "u" };
      const ended = await first.executeWorkflow(call).catch((error: unknown) => error);
      const total = 14;
      if (!isWorkflowError(ended, "STORE_UNAVAILABLE")) {
        expect(ended).toMatchObject({ status: "completed", currentStep: total });
        return;
      }
      const executionId = String(ended.executionId);
      const second = createWorkflowEngine({ ...options, store, nodeConcurrency: 2 });
      const before = await second.getExecutionState(executionId);
      const committed = before.getCheckpoints().map(({ nodeId, visit }) => `${nodeId} ${visit}`);
      const ranBefore = runs.length;
      const result = await second.resumeWorkflow({ executionId }).catch((error: unknown) => error);
      if (!isWorkflowError(result, "INVALID_STATUS")) expect(result).toMatchObject({ status: "completed" });
      expect(runs.slice(ranBefore).filter((run) => committed.includes(run))).toEqual([]);
      expect(new Set(runs).size).toBe(total);
      expect((await second.getExecutionState(executionId)).getContext()).toEqual({ count: total });
    },
  );
});
