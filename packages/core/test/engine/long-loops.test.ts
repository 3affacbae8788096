import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  forEachItem,
  type NodeExecutor,
  patch,
  route,
  suspend,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { heapMb } from "./heap.ts";

const waiting: WorkflowDefinition = {
  id: "w",
  nodes: [{ id: "start" }, { id: "poll" }, { id: "end" }],
  edges: [
    { source: "start", target: "poll" },
    { source: "poll", target: "poll", sourceHandle: "again" },
    { source: "poll", target: "end", sourceHandle: "ready" },
  ],
};
const polling: WorkflowDefinition = {
  id: "w",
  nodes: [{ id: "start" }, { id: "poll" }, { id: "log" }, { id: "end" }],
  edges: [
    { source: "start", target: "poll" },
    { source: "poll", target: "poll", sourceHandle: "again" },
    { source: "poll", target: "log", sourceHandle: "again" },
    { source: "poll", target: "end", sourceHandle: "ready" },
  ],
};
const CALL = { workflowId: "w", userId: "u1", executionId: "e1" };

describe("a loop of 100,000 rounds", () => {
  it("costs the same in every round, and leaves little to read for a resume", { timeout: 120_000 }, async () => {
    const rounds = 100_000;
    const executor: NodeExecutor = ({ node, visit }) =>
      node.id === "poll" ? route(patch({ visit }), visit < rounds ? "again" : "ready") : patch({});
    const store = new MemoryCheckpointStore();
    const bytes: number[] = [];
    const heaps: number[] = [];
    let runs = 0;
    const sizes = { snapshot: 0, delta: 0 };
    const engine = createWorkflowEngine({
      store,
      workflows: [waiting],
      executors: { default: executor },
      historyLimit: 50,
      onEvent: (event) => {
        if (event.type !== "checkpoint.committed") return;
        if (++runs % 20_000 === 0) heaps.push(heapMb());
        bytes[Math.floor(runs / 20_000)] = (bytes[Math.floor(runs / 20_000)] ?? 0) + event.bytes;
        if (event.kind === "snapshot" || event.kind === "delta")
          sizes[event.kind] = Math.max(sizes[event.kind], event.bytes);
      },
    });
    const result = await engine.executeWorkflow({ ...CALL, maxNodeRuns: rounds + 2 });
    expect(result).toMatchObject({ status: "completed", currentStep: rounds + 2, totalSteps: rounds + 2 });
    expect(sizes.snapshot).toBeLessThan(250);
    expect(sizes.delta).toBeLessThan(80);
    const [, first = 0] = bytes;
    for (const each of bytes.slice(1, -1)) expect(each).toBeLessThan(1.1 * first);
    // After the first 20,000 rounds. If 50 bytes of each round were kept, it would be 4 MB.
    expect(heaps.length).toBe(5);
    expect(Math.max(...heaps) - (heaps[0] ?? 0)).toBeLessThan(3);
    const head = await store.getExecution("e1");
    expect((head?.seq ?? 0) - (head?.snapshotSeq ?? 0)).toBeLessThan(60);
  });
});

describe("a loop that fails late", () => {
  it.each([1, 4])("is resumed from a bounded number of records (nodeConcurrency: %d)", async (nodeConcurrency) => {
    const rounds = 5_000;
    let isMended = false;
    const executor: NodeExecutor = ({ node, visit }) => {
      if (node.id !== "poll") return patch({});
      if (visit === rounds && !isMended) throw new Error("too late");
      return route(patch({ visit }), visit < rounds ? "again" : "ready");
    };
    const store = new MemoryCheckpointStore();
    let read = 0;
    const readCheckpoints: typeof store.readCheckpoints = async (...args) => {
      const records = await store.readCheckpoints(...args);
      read += records.length;
      return records;
    };
    const engine = createWorkflowEngine({
      ...{ workflows: [{ ...polling, maxNodeRuns: 3 * rounds }], executors: { default: executor }, nodeConcurrency },
      store: { ...interceptStore(store, (_method, call) => call()), readCheckpoints },
    });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", error: "too late" });
    isMended = true;
    read = 0;
    expect(await engine.resumeWorkflow({ executionId: "e1" })).toMatchObject({
      ...{ status: "completed", currentStep: 2 * rounds + 1, totalSteps: 2 * rounds + 1 },
    });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(60);
  });
});

describe("the limit of node runs", () => {
  const endless: NodeExecutor = ({ node, visit }) =>
    node.id === "poll" ? route(patch({ visit }), visit < 40 ? "again" : "ready") : patch({});
  const engineOn = (store: MemoryCheckpointStore, maxNodeRuns?: number) =>
    createWorkflowEngine({
      store,
      workflows: [maxNodeRuns === undefined ? polling : { ...polling, maxNodeRuns }],
      executors: { default: endless },
    });

  it("ends an execution before the run that would exceed it; a resume can raise it for itself", async () => {
    const store = new MemoryCheckpointStore();
    const engine = engineOn(store, 10);
    const failed = { status: "failed", currentStep: 10, failure: { code: "NODE_RUN_LIMIT" } };
    expect(await engine.executeWorkflow(CALL)).toMatchObject(failed);
    expect(await engine.resumeWorkflow({ executionId: "e1" })).toMatchObject(failed);
    expect(await engine.resumeWorkflow({ executionId: "e1", maxNodeRuns: 20 })).toMatchObject({ currentStep: 20 });
    expect(await engine.resumeWorkflow({ executionId: "e1", maxNodeRuns: 81 })).toMatchObject({
      status: "completed",
      currentStep: 81,
    });
  });

  it("can be raised in the definition, which stays the same one", async () => {
    const store = new MemoryCheckpointStore();
    expect(await engineOn(store, 10).executeWorkflow(CALL)).toMatchObject({ status: "failed" });
    const result = await engineOn(store, 100).resumeWorkflow({ executionId: "e1" });
    expect(result).toMatchObject({ status: "completed", definitionChanged: false });
  });

  it("is not less than the number of nodes if the definition has none", async () => {
    const nodes = Array.from({ length: 10_100 }, (_, index) => ({ id: `n${index}` }));
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [{ id: "w", nodes, edges: [] }],
      executors: { default: () => patch({}) },
    });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "completed", currentStep: 10_100 });
  });
});

describe("a node in a loop", () => {
  const orders: WorkflowDefinition = {
    id: "w",
    nodes: [{ id: "each", type: "each" }, { id: "ask" }, { id: "note" }],
    edges: [
      { source: "start", target: "each" },
      { source: "each", target: "ask", sourceHandle: "item" },
      { source: "ask", target: "each" },
      { source: "ask", target: "note" },
    ],
  };
  orders.nodes.unshift({ id: "start" });

  function setUp() {
    const seen: { nodeId: string; visit: number; key: string; token: string }[] = [];
    const store = new MemoryCheckpointStore();
    const engine = createWorkflowEngine({
      store,
      workflows: [orders],
      executors: {
        each: forEachItem({ items: "orders", as: "order" }),
        default: ({ context, node, visit, idempotencyKey, waitToken, resume }) => {
          seen.push({ nodeId: node.id, visit, key: idempotencyKey, token: waitToken });
          if (node.id === "ask" && resume === undefined) return suspend({ payload: context.order });
          return node.id === "ask" ? patch({ [`answer${visit}`]: resume?.data }) : patch({});
        },
      },
    });
    return { engine, seen, store };
  }

  it("waits in every round with a token of its own, and takes each answer once", async () => {
    const { engine, seen } = setUp();
    let result = await engine.executeWorkflow({ ...CALL, initialData: { orders: ["a", "b", "c"] } });
    const tokens: string[] = [];
    for (const [index, order] of ["a", "b", "c"].entries()) {
      const [wait] = (result.status === "suspended" ? result.waiting : undefined) ?? [];
      expect(wait).toMatchObject({ nodeId: "ask", visit: index + 1, payload: order });
      await engine.answerWait({ waitToken: String(wait?.waitToken), data: `${order}!` });
      for (const token of tokens) {
        await expect(engine.answerWait({ waitToken: token, data: "late" })).rejects.toMatchObject({
          code: "NOT_WAITING",
        });
      }
      tokens.push(String(wait?.waitToken));
      result = await engine.resumeWorkflow({ executionId: "e1" });
    }
    expect(result).toMatchObject({ status: "completed", output: { answer1: "a!", answer2: "b!", answer3: "c!" } });
    expect(seen.filter(({ nodeId }) => nodeId === "note").map(({ visit }) => visit)).toEqual([1, 2, 3]);
    const keys = new Set(seen.map(({ nodeId, visit, key }) => `${nodeId} ${visit} ${key}`));
    expect(keys.size).toBe(7);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(7);
  });

  it("can be forked before any of its runs, and runs on from there", async () => {
    const { engine } = setUp();
    await engine.executeWorkflow({ ...CALL, initialData: { orders: ["a", "b"] } });
    await engine.resumeWorkflow({ executionId: "e1", data: "one" });
    await engine.resumeWorkflow({ executionId: "e1", data: "two" });
    const { executionId } = await engine.forkExecution({ executionId: "e1", at: { beforeNode: "ask", visit: 2 } });
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({
      status: "suspended",
      waiting: [{ nodeId: "ask", visit: 2, payload: "b" }],
    });
    expect(await engine.resumeWorkflow({ executionId, data: "other" })).toMatchObject({
      status: "completed",
      output: { answer1: "one", answer2: "other" },
    });
  });
});
