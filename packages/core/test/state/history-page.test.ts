import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type Checkpoint, createWorkflowEngine, WorkflowState } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";

type Step = "node" | "big" | "error" | "save";

/** An execution with checkpoints of all kinds: deltas, snapshots, errors, and saves that are not listed. */
async function withHistory(steps: readonly Step[]) {
  const store = new MemoryCheckpointStore();
  const state = await WorkflowState.withStore(store).create("w", "u1", { log: [] });
  for (const [index, step] of steps.entries()) {
    state.updateContext({ [`k${index % 5}`]: step === "big" ? String(index).repeat(1_000) : index });
    if (step === "save") await state.saveCheckpoint();
    else if (step === "error") await state.createErrorCheckpoint(`n${index}`, undefined, new Error(`boom ${index}`));
    else await state.createCheckpoint(`n${index}`);
  }
  const engine = createWorkflowEngine({ store, workflows: [chain(3)], executors: { default: append } });
  return { store, engine, executionId: state.getExecutionId() };
}

type Engine = Awaited<ReturnType<typeof withHistory>>["engine"];

async function readAll(engine: Engine, executionId: string, limit: number) {
  const pages: Checkpoint[][] = [];
  for (let cursor: string | undefined; ; ) {
    const checkpoints = cursor === undefined ? { limit } : { limit, cursor };
    const state = await engine.getExecutionState(executionId, { checkpoints });
    pages.push(state.getCheckpoints());
    cursor = state.getNextCursor();
    if (cursor === undefined) return { pages, state };
  }
}

describe("a page of checkpoints", () => {
  it("after another holds the whole history, in order, with equal contexts", async () => {
    const anyStep = fc.constantFrom<Step>("node", "node", "big", "error", "save");
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), fc.integer({ min: 1, max: 12 }), async (steps, limit) => {
        const { engine, executionId } = await withHistory(steps);
        const { pages, state } = await readAll(engine, executionId, limit);
        const whole = await engine.getExecutionState(executionId);
        expect(pages.flat()).toEqual(whole.getCheckpoints());
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(pages.at(-1)?.length ?? 0).toBeLessThanOrEqual(limit);
        expect(state.getContext()).toEqual(whole.getContext());
        expect(state.getLastCheckpoint()).toEqual(whole.getLastCheckpoint());
      }),
      { numRuns: 60 },
    );
  });

  it("reads its own records and those since the snapshot before it, not the whole history", async () => {
    const { engine, store, executionId } = await withHistory(Array.from({ length: 600 }, () => "big"));
    let read = 0;
    const original = store.readCheckpoints.bind(store);
    store.readCheckpoints = async (id, options) => {
      const records = await original(id, options);
      read += records.length;
      return records;
    };
    await readAll(engine, executionId, 20);
    const perPage = read / (600 / 20);
    expect(perPage).toBeLessThan(60);
  });

  it("that was asked for before the history grew continues where it ended", async () => {
    const { engine, executionId } = await withHistory(["node", "node", "node"]);
    const first = await engine.getExecutionState(executionId, { checkpoints: { limit: 2 } });
    await engine.cancelExecution({ executionId });
    const cursor = String(first.getNextCursor());
    const second = await engine.getExecutionState(executionId, { checkpoints: { limit: 2, cursor } });
    expect([...first.getCheckpoints(), ...second.getCheckpoints()].map(({ nodeId }) => nodeId)).toEqual([
      "n0",
      "n1",
      "n2",
    ]);
    expect(second.getNextCursor()).toBeUndefined();
    expect(second.getStatus()).toBe("cancelled");
  });

  it("begins with the oldest that is kept if its beginning was dropped meanwhile", async () => {
    const { engine, store } = await withHistory([]);
    await engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId: "e1", budgetMs: 0 });
    const state = await engine.WorkflowState.resume("e1");
    for (let index = 0; index < 6; index++) {
      state.updateContext({ large: String(index).repeat(5_000) });
      await state.createCheckpoint(`n${index}`);
    }
    const first = await engine.getExecutionState("e1", { checkpoints: { limit: 1 } });
    const { token, version, snapshotSeq } = (await store.getExecution("e1")) as {
      token: number;
      version: number;
      snapshotSeq: number;
    };
    expect(snapshotSeq).toBeGreaterThan(2);
    await store.commit("e1", { commitId: "drop", token, version, dropBefore: snapshotSeq });
    const cursor = String(first.getNextCursor());
    const rest = await engine.getExecutionState("e1", { checkpoints: { limit: 10, cursor } });
    expect(rest.getCheckpoints()).toEqual((await engine.getExecutionState("e1")).getCheckpoints());
  });

  it.each(["x", "", "W10", "WzAsMV0", "WzEsNV0", "Wzk5OTksMF0", Buffer.from("[3,2]").toString("base64url")])(
    "with a cursor that is none of it is refused: %o",
    async (cursor) => {
      const { engine, executionId } = await withHistory(["node", "node", "node"]);
      await expect(engine.getExecutionState(executionId, { checkpoints: { limit: 2, cursor } })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("cursor"),
      });
    },
  );

  it.each([
    [{ limit: 0 }, "limit: must be a whole number from 1 to 1000, not 0"],
    [{ limit: 1_001 }, "limit: must be a whole number from 1 to 1000, not 1001"],
    [{ limit: 1.5 }, "limit: must be a whole number from 1 to 1000, not 1.5"],
    [{ limit: 2, curser: "x" }, 'unknown option "curser" (did you mean "cursor"?)'],
    [{ limit: "2" }, "limit: must be a whole number from 1 to 1000, not a string"],
    [{}, "limit: must be a whole number from 1 to 1000, but is missing"],
    ["first", 'must be "all", "last" or { limit, cursor? }, not "first"'],
    [[1], 'must be "all", "last" or { limit, cursor? }, not a list'],
    [7, 'must be "all", "last" or { limit, cursor? }, not 7'],
  ])("is refused if it is asked for by %j", async (checkpoints, problem) => {
    const { engine, executionId } = await withHistory(["node"]);
    await expect(engine.getExecutionState(executionId, { checkpoints: checkpoints as never })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: `getExecutionState: checkpoints: ${problem}.`,
    });
  });

  it("is refused as STATE_CORRUPT if a record of it is missing or was changed", async () => {
    for (const damage of ["missing", "changed"]) {
      const { engine, store, executionId } = await withHistory(["node", "node", "node", "node", "big"]);
      const original = store.readCheckpoints.bind(store);
      store.readCheckpoints = async (id, options) => {
        const records = await original(id, options);
        if (options?.to === undefined) return records;
        if (damage === "missing") return records.filter(({ seq }) => seq !== 2);
        return records.map((record) => (record.seq === 2 ? { ...record, nodeId: "n7" } : record));
      };
      await expect(engine.getExecutionState(executionId, { checkpoints: { limit: 3 } })).rejects.toMatchObject({
        code: "STATE_CORRUPT",
        executionId,
      });
    }
  });
});
