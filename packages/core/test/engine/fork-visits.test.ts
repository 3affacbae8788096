import { describe, expect, it } from "vitest";
import { createWorkflowEngine, type ForkPoint } from "../../src/index.ts";
import { commitError } from "../../src/state/commit-error.ts";
import { entryOf, opened } from "../state/opened.ts";
import { append, chain } from "./chain.ts";

/** A history as loops, waits with a context of their own, and error policies write it. */
async function withVisits() {
  const { store, claim, codec } = await opened();
  const journal = await claim();
  const node = (nodeId: string, visit: number, change: object) =>
    journal.commitComposed([
      journal.compose({ ...entryOf(nodeId), visit }, { isStep: true, change: { changes: { ...change } } }),
    ]);
  const error = { code: "NODE_FAILED", message: "boom" };
  await node("a", 1, { a: 1 }); // record 1
  await node("b", 1, { b: 1 });
  await node("a", 2, { a: 2 });
  journal.patchContext({ asked: true });
  await journal.save({}, { waits: [{ nodeId: "w", visit: 1, token: "t", sinceMs: 1 }] }); // record 4
  await node("b", 2, { b: 2 });
  await journal.save(
    {},
    { answers: [{ nodeId: "w", visit: 1, data: "yes" }], attempts: [{ nodeId: "w", attempt: 3 }] },
  );
  await commitError(journal, { ...entryOf("w"), attempt: 4, error }); // record 7
  await node("w", 1, { w: 1 });
  journal.patchContext({ error: "boom" });
  await commitError(journal, { ...entryOf("c"), error }, { parts: { handles: ["error"], begin: ["d"] } }); // record 9
  const engine = createWorkflowEngine({ store, workflows: [chain(1, "w")], executors: { default: append } });
  const fork = async (at: ForkPoint) => {
    const { executionId } = await engine.forkExecution({ executionId: "e1", at });
    const [record] = await store.readCheckpoints(executionId);
    const head = await store.getExecution(executionId);
    const { v: _v, instance, ...state } = JSON.parse(record?.payload ?? "");
    expect(instance).toMatch(/^[0-9a-f-]{36}$/);
    return { state, seq: head?.forkedFromSeq };
  };
  return { store, fork, codec };
}

describe("a fork before a node that has run several times", () => {
  it("begins before its last run, or the one that is named", async () => {
    const { fork } = await withVisits();
    expect(await fork({ beforeNode: "a" })).toMatchObject({
      seq: 2,
      state: { context: { a: 1, b: 1 }, ran: ["a", "b"] },
    });
    expect(await fork({ beforeNode: "a", visit: 2 })).toEqual(await fork({ beforeNode: "a" }));
    expect(await fork({ beforeNode: "a", visit: 1 })).toEqual({ seq: 0, state: { context: {}, ran: [] } });
    expect(await fork({ beforeNode: "b", visit: 2 })).toMatchObject({ seq: 4, state: { visits: { a: 2 } } });
    await expect(fork({ beforeNode: "a", visit: 3 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("a fork before a node that has waited", () => {
  it("begins before its wait, without what was kept for it", async () => {
    const { fork } = await withVisits();
    const { seq, state } = await fork({ beforeNode: "w" });
    expect(seq).toBe(3);
    expect(state).toEqual({ context: { a: 2, b: 1 }, ran: ["b", "a"], visits: { a: 2 } });
  });
});

describe("a fork after a failure that the execution has continued over", () => {
  it("begins before the failed node if its checkpoint is named, and after it if its step is", async () => {
    const { store, fork } = await withVisits();
    const [failed] = await store.readCheckpoints("e1", { from: 9 });
    const before = await fork({ checkpointId: String(failed?.id) });
    expect(before.seq).toBe(8);
    expect(before.state.context).not.toHaveProperty("error");
    expect(await fork({ beforeNode: "c" })).toEqual(before);
    const { seq, state } = await fork({ stepNumber: 6 });
    expect(seq).toBe(9);
    expect(state.context).toHaveProperty("error");
    expect(state.ran.at(-1)).toEqual(["c", "error"]);
    expect(state).not.toHaveProperty("begin");
  });
});

describe("a fork near the end of a long history", () => {
  it("reads what it needs of it, not the whole", async () => {
    const { store, claim } = await opened();
    const journal = await claim();
    for (let step = 0; step < 1_000; step++) {
      const change = { changes: { last: String(step).repeat(300) } };
      await journal.commitComposed([journal.compose(entryOf(`n${step}`), { isStep: true, change })]);
    }
    let read = 0;
    const readCheckpoints = store.readCheckpoints.bind(store);
    store.readCheckpoints = async (id, options) => {
      const records = await readCheckpoints(id, options);
      read += records.length;
      return records;
    };
    const engine = createWorkflowEngine({ store, workflows: [], executors: {} });
    const { executionId } = await engine.forkExecution({ executionId: "e1", at: { stepNumber: 995 } });
    expect((await engine.getExecutionState(executionId)).getContext()).toEqual({ last: "994".repeat(300) });
    expect(read).toBeLessThan(50);
  });
});
