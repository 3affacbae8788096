import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type PruneOptions, type PruneProgress, WorkflowError } from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { DAY_MS, setUp } from "./four-executions.ts";

describe("pruneExecutions", () => {
  it("deletes what ended long ago by the store's clock, failed ones only where asked for, and returns how many", async () => {
    const { engine, store } = await setUp();
    const left = async () => (await engine.listExecutions()).items.map(({ id }) => id);
    expect(await engine.pruneExecutions({ olderThanMs: 2.5 * DAY_MS })).toBe(1);
    expect(await left()).toEqual(["e4", "e3", "e2"]);
    expect(await engine.pruneExecutions({ olderThanMs: 0, workflowId: "chain" })).toBe(0);
    expect(await engine.pruneExecutions({ olderThanMs: 0, status: "failed" })).toBe(1);
    // The engine's own clock may be wrong by any time.
    const wrong = createWorkflowEngine({ store, workflows: [], executors: {}, clock: new ManualClock(0) });
    expect(await wrong.pruneExecutions({ olderThanMs: 0 })).toBe(1);
    expect(await left()).toEqual(["e4"]);
    for (const olderThanMs of [-1, 0.5, Number.NaN]) {
      const refusal = {
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("olderThanMs: must be a whole number"),
      };
      await expect(engine.pruneExecutions({ olderThanMs })).rejects.toMatchObject(refusal);
      await expect(engine.pruneDefinitions({ olderThanMs })).rejects.toMatchObject(refusal);
    }
  });

  it("goes by the end of an execution, not by its beginning", async () => {
    const { engine, clock } = await setUp();
    clock.advance(10 * DAY_MS);
    await engine.resumeWorkflow({ executionId: "e4" });
    expect(await engine.pruneExecutions({ olderThanMs: DAY_MS })).toBe(2);
    expect((await engine.listExecutions()).items.map(({ id }) => id)).toEqual(["e4", "e2"]);
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

  it("works in batches, tells how far it is, and is simply called again after an interruption", async () => {
    const store = new MemoryCheckpointStore();
    const engine = createWorkflowEngine({ store, workflows: [chain(1)], executors: { default: append } });
    for (let at = 0; at < 1_100; at++) await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
    const told: PruneProgress[] = [];
    const prune = (options: Partial<PruneOptions> = {}) =>
      engine.pruneExecutions({ olderThanMs: 0, ...options, onProgress: (progress) => told.push(progress) });
    expect(await prune({ dryRun: true })).toBe(1_100);
    expect(told.splice(0)).toEqual([500, 1_000, 1_100].map((looked) => ({ looked, deleted: looked })));

    const remove = store.deleteExecutions.bind(store);
    let calls = 0;
    store.deleteExecutions = async (refs) => {
      if (++calls === 2) throw new WorkflowError("INVALID_ARGUMENT", "interrupted");
      return remove(refs);
    };
    await expect(prune()).rejects.toThrow("interrupted");
    expect(told.splice(0)).toEqual([{ looked: 500, deleted: 500 }]);
    expect(await prune()).toBe(600);
    expect(told.splice(0)).toEqual([500, 600].map((looked) => ({ looked, deleted: looked })));
    expect(await prune()).toBe(0);
    expect(told).toEqual([{ looked: 0, deleted: 0 }]);
  });

  it("counts what has changed since as looked at, and not as deleted", async () => {
    const { engine, store } = await setUp();
    const list = store.listExecutions.bind(store);
    store.listExecutions = async (options) => {
      const page = await list(options);
      const items = page.items.map((head) => (head.id === "e1" ? { ...head, version: head.version - 1 } : head));
      return { ...page, items };
    };
    const told: PruneProgress[] = [];
    expect(await engine.pruneExecutions({ olderThanMs: 0, onProgress: (progress) => told.push(progress) })).toBe(1);
    expect(told).toEqual([{ looked: 2, deleted: 1 }]);
  });

  it.each([{ dryRun: undefined }, { dryRun: null }, { dryRun: "yes" }, { onProgress: 7 }])(
    "refuses options of another kind, and deletes nothing: %j",
    async (wrong) => {
      const { engine } = await setUp();
      await expect(engine.pruneExecutions({ olderThanMs: 0, ...wrong } as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
      expect((await engine.listExecutions()).items).toHaveLength(4);
    },
  );
});
