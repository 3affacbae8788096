import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { DAY_MS, setUp } from "./four-executions.ts";
import { SILENT } from "./silent.ts";

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

describe("executions", () => {
  it("iterates over all pages, reads each when it is reached, and begins anew each time", async () => {
    const { engine, store } = await setUp();
    const cursors: (string | undefined)[] = [];
    const list = store.listExecutions.bind(store);
    store.listExecutions = (options) => {
      cursors.push(options?.cursor);
      return list(options);
    };
    const newest = engine.executions({ limit: 2 });
    expect(cursors).toEqual([]);
    const ids = async (from: AsyncIterable<{ id: string }>, most = 9) => {
      const found: string[] = [];
      for await (const { id } of from) {
        found.push(id);
        if (found.length === most) break;
      }
      return found;
    };
    expect(await ids(newest, 2)).toEqual(["e4", "e3"]);
    expect(cursors).toHaveLength(1);
    expect(await ids(newest)).toEqual(["e4", "e3", "e2", "e1"]);
    expect(cursors).toEqual([undefined, undefined, expect.any(String)]);
    expect(await ids(engine.executions({ status: ["completed", "failed"], order: "asc", limit: 1 }))).toEqual([
      "e1",
      "e2",
      "e3",
    ]);
    expect(await ids(engine.executions())).toHaveLength(4);
    await expect(ids(engine.executions({ limit: 0 }))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(ids(engine.executions({ usrId: "u1" } as never))).rejects.toMatchObject({
      message: expect.stringContaining('executions: unknown option "usrId"'),
    });
  });
});

describe("listExecutions by the new filters", () => {
  it("filters by the end, by the creation, and by what started them", async () => {
    const { engine, store, clock } = await setUp();
    const ids = async (query: Parameters<typeof engine.listExecutions>[0]) =>
      (await engine.listExecutions({ ...query, order: "asc" })).items.map(({ id }) => id);
    expect(await ids({ createdAfter: "2026-01-02T12:00:00.000Z" })).toEqual(["e3", "e4"]);
    expect(await ids({ endedAfter: new Date(Date.UTC(2026, 0, 1, 12)) })).toEqual(["e2", "e3"]);
    expect(await ids({ endedForMs: 2 * DAY_MS })).toEqual(["e1", "e2"]);
    expect(await ids({ topLevel: true })).toEqual(["e1", "e2", "e3", "e4"]);
    await expect(engine.listExecutions({ endedAfter: "soon" })).rejects.toMatchObject({
      message: expect.stringContaining("listExecutions: endedAfter: must be a time: a Date, ISO 8601 text"),
    });
    clock.advance(1);
    const [first] = (await engine.listExecutions({ limit: 1 })).items;
    expect(first?.readAt).toBe("2026-01-04T00:00:00.001Z");
    expect(await store.getExecution("e1")).toBeDefined();
  });
});

describe("metadata", () => {
  it("is kept with the execution, and shown by its state and in listings", async () => {
    const { engine } = await setUp();
    const metadata = { tag: "nightly", traceparent: "00-0af7" };
    await engine.executeWorkflow({ executionId: "m", workflowId: "chain", userId: "u1", metadata });
    expect((await engine.getExecutionState("m")).getMetadata()).toEqual(metadata);
    expect((await engine.listExecutions({ limit: 1 })).items[0]).toMatchObject({ id: "m", metadata });
    expect((await engine.getExecutionState("e1")).getMetadata()).toEqual({});
    for (const wrong of [{ tag: 7 }, { tag: "x".repeat(5_000) }, "tag"]) {
      const call = { executionId: "w", workflowId: "chain", userId: "u1", metadata: wrong as never };
      await expect(engine.executeWorkflow(call)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    await expect(engine.getExecutionState("w")).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  });
});

describe("pruneDefinitions", () => {
  it("deletes the definitions that no execution names, once they are old enough", async () => {
    const { engine, store, clock } = await setUp();
    await store.saveDefinition("unused", "{}");
    expect(await engine.pruneDefinitions({ olderThanMs: 600_000 })).toBe(0);
    clock.advance(600_000);
    expect(await engine.pruneDefinitions({ olderThanMs: 600_000 })).toBe(1);
    expect(await engine.resumeWorkflow({ executionId: "e4" })).toMatchObject({ status: "completed" });
    await expect(engine.pruneDefinitions({ olderThanMs: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("onEvent", () => {
  it("tells what happens in the order in which it does", async () => {
    const events: string[] = [];
    const engine = createWorkflowEngine({
      logger: SILENT,
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
      "checkpoint.committed n1",
      "node.completed n1",
      "node.started n2",
      "log n2",
      "checkpoint.committed n2",
      "node.failed n2",
      "node.started n2",
      "log n2",
      "checkpoint.committed n2",
      "node.completed n2",
      "execution.completed",
    ]);
  });
});
