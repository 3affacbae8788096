import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";

const DAY_MS = 86_400_000;

async function setUp() {
  const clock = new ManualClock();
  const store = new MemoryCheckpointStore({ clock });
  const executor: NodeExecutor = (args) => {
    if (args.userId === "fails") throw new Error("boom");
    return append(args);
  };
  const engine = createWorkflowEngine({
    store,
    workflows: [chain(2), chain(2, "other")],
    executors: { default: executor },
    clock,
  });
  for (const [executionId, workflowId, userId] of [
    ["e1", "chain", "u1"],
    ["e2", "chain", "fails"],
    ["e3", "other", "u1"],
  ] as const) {
    await engine.executeWorkflow({ executionId, workflowId, userId });
    clock.advance(DAY_MS);
  }
  await engine.executeWorkflow({ executionId: "e4", workflowId: "chain", userId: "u1", budgetMs: 0 });
  return { clock, store, engine };
}

describe("listExecutions", () => {
  it("lists newest first, filters, pages, and gives times in ISO 8601", async () => {
    const { engine } = await setUp();
    const ids = async (query: Parameters<typeof engine.listExecutions>[0]) =>
      (await engine.listExecutions(query)).items.map(({ id }) => id);
    expect(await ids({})).toEqual(["e4", "e3", "e2", "e1"]);
    expect(await ids({ status: "failed" })).toEqual(["e2"]);
    expect(await ids({ status: ["pending", "failed"], order: "asc" })).toEqual(["e2", "e4"]);
    expect(await ids({ workflowId: "other" })).toEqual(["e3"]);
    expect(await ids({ userId: "fails" })).toEqual(["e2"]);
    expect(await ids({ createdBefore: "2026-01-02T00:00:00.000Z" })).toEqual(["e1"]);
    expect(await ids({ createdBefore: new Date(Date.UTC(2026, 0, 3)) })).toEqual(["e2", "e1"]);
    const first = await engine.listExecutions({ limit: 3 });
    expect(await ids({ limit: 3, cursor: String(first.nextCursor) })).toEqual(["e1"]);
    expect(first.items[0]).toMatchObject({ id: "e4", status: "pending", createdAt: "2026-01-04T00:00:00.000Z" });
    expect(first.items[2]).toMatchObject({ failure: { message: "boom" }, endedAt: "2026-01-02T00:00:00.000Z" });
    await expect(engine.listExecutions({ createdBefore: "soon" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(engine.listExecutions({ limit: 0 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("pruneExecutions", () => {
  it("deletes what has ended and is old enough, and tells how many", async () => {
    const { engine } = await setUp();
    const left = async () => (await engine.listExecutions()).items.map(({ id }) => id);
    expect(await engine.pruneExecutions({ olderThanMs: 2.5 * DAY_MS })).toBe(1);
    expect(await left()).toEqual(["e4", "e3", "e2"]);
    expect(await engine.pruneExecutions({ olderThanMs: 0, status: "failed" })).toBe(1);
    expect(await engine.pruneExecutions({ olderThanMs: 0, workflowId: "chain" })).toBe(0);
    expect(await engine.pruneExecutions({ olderThanMs: 0 })).toBe(1);
    expect(await left()).toEqual(["e4"]);
    await expect(engine.pruneExecutions({ olderThanMs: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("spares what was resumed since it was listed", async () => {
    const { engine, store } = await setUp();
    const list = store.listExecutions.bind(store);
    store.listExecutions = async (options) => {
      const page = await list(options);
      await store.claimExecution("e2", { claimId: "c", owner: "o", leaseMs: 1_000, from: ["failed"] });
      store.listExecutions = list;
      return page;
    };
    expect(await engine.pruneExecutions({ olderThanMs: 0, status: "failed" })).toBe(0);
    expect(await store.getExecution("e2")).toMatchObject({ status: "running", owner: "o" });
  });
});

describe("onEvent", () => {
  it("tells what happens in the order in which it does", async () => {
    const events: string[] = [];
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(2)],
      executors: {
        default: (args) => {
          args.log.info("working", { on: args.node.id });
          if (args.node.id === "n2" && args.attempt === 1) throw new Error("boom");
          return append(args);
        },
      },
      retry: { maxAttempts: 2, backoffMs: 0 },
      onEvent: (event) => void events.push("nodeId" in event ? `${event.type} ${event.nodeId}` : event.type),
    });
    await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
    expect(events).toEqual([
      "execution.started",
      "node.started n1",
      "log n1",
      "node.completed n1",
      "node.started n2",
      "log n2",
      "node.failed n2",
      "node.started n2",
      "log n2",
      "node.completed n2",
      "execution.completed",
    ]);
  });
});
