import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { commitError } from "../../src/state/commit-error.ts";
import { parsePayload } from "../../src/state/payload.ts";
import { visitsOf } from "../../src/state/progress.ts";
import { entryOf, opened } from "./opened.ts";

/** What no run of this version makes, as another one may have stored it. */
const EXOTIC =
  `{"v":2,"context":{"blob":"${"x".repeat(5_000)}"},"ran":["x",["y",null]],"left":[["x","z"],["y","z","h"]],"visits":{"x":3,"gone":2},` +
  '"start":["x"],"begin":["a","b"],"attempts":{"a":2,"b":[4,1,2,99]},' +
  '"waiting":[["w",2,"token",5,9,"why"],["v",1,"other",6,null]],' +
  '"answers":{"a":[1,{"$type":"Date","value":"1970-01-01T00:00:00.007Z"}],"q":[3,{"ok":true},true]},"instance":"i-1"}';

/** A journal of an execution whose initial snapshot is another one. */
async function openedWith(payload: string) {
  const store = new MemoryCheckpointStore();
  const create = store.createExecution.bind(store);
  store.createExecution = (execution) =>
    create({ ...execution, checkpoint: { ...execution.checkpoint, id: "unsealed", payload } });
  const first = await opened(store);
  return { ...first, journal: await first.claim() };
}

describe("what a run does not need of a stored state", () => {
  it("is in the next snapshot, but for what the snapshot's own node has used", async () => {
    const { journal, store, codec } = await openedWith(EXOTIC);
    // Most of what a resume would read is no part of the state any more, so a snapshot is due.
    await journal.commitComposed([journal.compose(entryOf("a"), { change: { context: {} } })]);
    const [newest] = await store.readCheckpoints("e1", { order: "desc", limit: 1 });
    if (newest === undefined) throw new Error("There is a record.");
    expect(newest.kind).toBe("snapshot");
    const parsed = parsePayload(codec, newest);
    if (parsed.kind !== "snapshot") throw new Error("It is a snapshot.");
    expect({ ...parsed.progress, ran: [...parsed.progress.ran] }).toEqual({
      ran: [{ nodeId: "x" }, { nodeId: "y", handles: null }, { nodeId: "a" }],
      heldCount: 3,
      left: [
        { source: "x", target: "z" },
        { source: "y", target: "z", handle: "h" },
      ],
      visits: new Map([
        ["x", 3],
        ["gone", 2],
      ]),
      start: ["x"],
      begin: ["b"],
      attempts: new Map([["b", { attempt: 4, countedFrom: 1, failures: 2, retryAtMs: 99 }]]),
      waiting: new Map([
        ["w", { nodeId: "w", visit: 2, token: "token", sinceMs: 5, untilMs: 9, reason: "why" }],
        ["v", { nodeId: "v", visit: 1, token: "other", sinceMs: 6 }],
      ]),
      answers: new Map([["q", { nodeId: "q", visit: 3, data: { ok: true }, timedOut: true }]]),
      instance: "i-1",
    });
  });
});

describe("a state in memory", () => {
  it("is the one that its records stand for, whatever parts they hold", async () => {
    const { journal, restored } = await openedWith(EXOTIC);
    const wait = { nodeId: "n", visit: 1, token: "t", sinceMs: 1 };
    const error = { code: "NODE_FAILED", message: "boom" };
    const steps: (() => Promise<void>)[] = [
      () => journal.save({}, { attempts: [{ nodeId: "b", attempt: 5 }], begin: ["b"] }),
      () => journal.save({}, { waits: [wait, { ...wait, nodeId: "m" }] }),
      () => journal.save({}, { answers: [{ nodeId: "n", visit: 1, data: new Set([1]) }] }),
      () => journal.save({}, { children: { recoveries: 5, mark: 12 }, begin: ["b"] }),
      () => journal.save({}, { counted: [{ nodeId: "b", attempt: 5 }], definition: "hash" }),
      () =>
        commitError(
          journal,
          { ...entryOf("b"), attempt: 6, error },
          { parts: { retry: { nodeId: "b", atMs: 9, failures: 1 } } },
        ),
      () => {
        const parts = { handles: ["error"], begin: ["n", "m"] };
        return commitError(journal, { ...entryOf("b"), attempt: 7, error }, { parts });
      },
      () => journal.commitNode({ ...entryOf("n"), handles: null }),
      () => journal.commitNode({ ...entryOf("x"), visit: 4, handles: ["h"] }),
    ];
    for (const step of steps) {
      await step();
      const { context, progress } = await restored();
      expect(context).toEqual(journal.context);
      expect({ ...progress, ran: [...progress.ran] }).toEqual({ ...journal.progress, ran: [...journal.progress.ran] });
    }
    expect([...journal.progress.ran].slice(2)).toEqual([
      { nodeId: "b", visit: 1, handles: ["error"] },
      { nodeId: "n", visit: 1, handles: null },
      { nodeId: "x", visit: 4, handles: ["h"] },
    ]);
    expect([...journal.progress.waiting.keys()]).toEqual(["w", "v", "m"]);
    expect([...journal.progress.answers.keys()]).toEqual(["a", "q"]);
    expect(visitsOf(journal.progress).get("x")).toBe(4);
  });
});
