import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { WorkflowError } from "../../src/index.ts";
import { entryOf, opened } from "./opened.ts";

/** A store that refuses the commits that `refuses` names, by their number from 1. */
function refusing(refuses: (commit: number) => boolean) {
  const store = new MemoryCheckpointStore();
  const commit = store.commit.bind(store);
  let commits = 0;
  store.commit = async (id, request) => {
    if (refuses(++commits)) throw new WorkflowError("PAYLOAD_TOO_LARGE", "refused");
    return commit(id, request);
  };
  return store;
}

describe("a checkpoint that is composed", () => {
  it("changes nothing of the state until it is committed", async () => {
    const { journal, store } = await opened();
    journal.patchContext({ held: 1 });
    const before = journal.point.state;
    const composed = journal.compose(entryOf("a"), { isStep: true, change: { changes: { own: 2 } } });
    expect(journal.point.state).toBe(before);
    expect((await store.readCheckpoints("e1")).length).toBe(1);

    await journal.commitComposed([composed], { totalSteps: 4 });
    expect(journal.context).toEqual({ held: 1, own: 2 });
    expect(await store.getExecution("e1")).toMatchObject({ currentStep: 1, totalSteps: 4, checkpointsCount: 1 });
  });

  it("is committed together with those that it builds on, each as a record of its own", async () => {
    const { journal, store, restored } = await opened();
    const records: [string, number][] = [];
    journal.watchRecords(({ nodeId, seq }) => records.push([nodeId, seq]));
    const a = journal.compose(entryOf("a"), { isStep: true, change: { changes: { a: 1 } } });
    const b = journal.compose(entryOf("b"), { isStep: true, change: { changes: { b: 2 } }, on: a.after });
    await journal.commitComposed([a, b], { status: "completed" });
    expect(await store.getExecution("e1")).toMatchObject({
      version: 1,
      seq: 2,
      currentStep: 2,
      checkpointsCount: 2,
      status: "completed",
    });
    const [, first, second] = await store.readCheckpoints("e1");
    expect(first).toMatchObject({ nodeId: "a", stepNumber: 1, payload: '[2,["set",["a"],1]]' });
    expect(second).toMatchObject({ nodeId: "b", stepNumber: 2, payload: '[2,["set",["b"],2]]' });
    expect(records).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
    const { context, progress } = await restored();
    expect(context).toEqual({ a: 1, b: 2 });
    expect(Array.from(progress.ran, ({ nodeId }) => nodeId)).toEqual(["a", "b"]);
  });

  it("is refused if the state has changed since", async () => {
    const { journal } = await opened();
    const composed = journal.compose(entryOf("a"));
    journal.patchContext({ later: true });
    expect(() => journal.commitComposed([composed])).toThrow("has changed");
  });
});

describe("a journal", () => {
  it("goes back to a point, whatever was changed since", async () => {
    const { journal } = await opened();
    journal.patchContext({ kept: 1 });
    const { point } = journal;
    journal.patchContext({ gone: new Date() });
    journal.setStep(7);
    expect(journal.holdsInstances).toBe(true);
    journal.undoTo(point);
    expect(journal.point).toBe(point);
    expect(journal).toMatchObject({ context: { kept: 1 }, currentStep: 0, holdsInstances: false });
  });

  it("ignores a point that came after one that it went back to", async () => {
    const { journal } = await opened();
    const first = journal.point;
    journal.patchContext({ a: 1 });
    const second = journal.point;
    journal.patchContext({ b: 2 });
    journal.undoTo(first);
    journal.patchContext({ c: 3 });
    journal.undoTo(second);
    expect(journal.context).toEqual({ c: 3 });
  });

  it("takes back a refused commit with those behind it, and continues from there", async () => {
    const { journal, store, restored } = await opened(refusing((commit) => commit === 2));
    journal.patchContext({ first: 1 });
    const committed = journal.commitNode(entryOf("a"));
    journal.patchContext({ second: 2 });
    const refused = journal.commitNode(entryOf("b"));
    journal.patchContext({ third: 3 });
    const behind = journal.commitNode(entryOf("c"));
    await committed;
    await expect(refused).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await expect(behind).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    // What was held when the refused commit was made is held again; what came later is gone.
    expect(journal.context).toEqual({ first: 1, second: 2 });
    await journal.commitNode(entryOf("d"));
    expect(await store.getExecution("e1")).toMatchObject({ seq: 2, checkpointsCount: 2 });
    expect((await restored()).context).toEqual({ first: 1, second: 2 });
  });
});

describe("the first commit after a claim", () => {
  it("removes from the head what the execution waited for and why it was failing, and no later one does", async () => {
    const { journal, store, claim } = await opened();
    const waiting = [{ nodeId: "a", nodeName: "a", visit: 1, since: 0 }];
    const failure = { code: "NODE_FAILED", message: "boom" };
    await journal.save({ wakeAt: 5, waiting, waitingCount: 1, failure });
    const claimed = await claim();
    expect(await store.getExecution("e1")).toMatchObject({ status: "running", wakeAt: 5, waiting, failure });
    await claimed.commitNode(entryOf("a"));
    const head = await store.getExecution("e1");
    for (const name of ["wakeAt", "waiting", "waitingCount", "failure"]) expect(head).not.toHaveProperty(name);
    expect(claimed.failure).toBeUndefined();
    await claimed.save({ failure });
    await claimed.commitNode(entryOf("b"));
    expect(await store.getExecution("e1")).toMatchObject({ failure });
  });

  it("can set a wait of its own, in milliseconds from then", async () => {
    const { journal, store, claim } = await opened();
    await journal.save({ status: "suspended", wakeAt: 5 });
    const claimed = await claim();
    await claimed.save({ status: "suspended", wakeInMs: 60_000 });
    const { wakeAt = 0, updatedAt } = (await store.getExecution("e1")) ?? { updatedAt: 0 };
    expect(wakeAt).toBe(updatedAt + 60_000);
  });
});
