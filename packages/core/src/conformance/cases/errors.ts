import type { CheckpointStore, NewCheckpoint } from "../../store/checkpoint-store.ts";
import { equal, ok, outcome, rejects, showError } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newPending,
  newSnapshot,
} from "../fixtures.ts";
import { INVALID_IDS } from "../hostile.ts";

/** Wrong calls, and calls to a store that was closed. */
export const errorCases: readonly ConformanceCase[] = [
  {
    id: "errors/invalid-ids",
    title: "refuses what is no id, in every place, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const before = await everythingOf(store, "e1");
      for (const value of INVALID_IDS) {
        const id = value as string;
        const optional = value === undefined;
        const calls: Record<string, (() => Promise<unknown>) | false> = {
          "getExecution(id)": () => store.getExecution(id),
          "readCheckpoints(id)": () => store.readCheckpoints(id),
          "claimExecution(id)": () => store.claimExecution(id, newClaim()),
          "claimExecution owner": () => store.claimExecution("e1", newClaim({ owner: id })),
          "claimExecution claimId": () => store.claimExecution("e1", newClaim({ claimId: id })),
          "commit(id)": () => store.commit(id, newCommit(created)),
          "commit commitId": () => store.commit("e1", newCommit(created, { commitId: id })),
          "commit checkpoint.id": () => store.commit("e1", newCommit(created, { checkpoint: newCheckpoint({ id }) })),
          "createExecution id": () => store.createExecution(newExecution(id)),
          "createExecution workflowId": () => store.createExecution(newExecution("e2", { workflowId: id })),
          "createExecution userId": () => store.createExecution(newExecution("e2", { userId: id })),
          "createExecution owner": () => store.createExecution(newExecution("e2", { owner: id })),
          "createExecution checkpoint.id": () =>
            store.createExecution(newExecution("e2", { checkpoint: newSnapshot({ id }) })),
          "createExecution parentId": !optional && (() => store.createExecution(newExecution("e2", { parentId: id }))),
          "listExecutions workflowId": !optional && (() => store.listExecutions({ workflowId: id })),
          "listExecutions userId": !optional && (() => store.listExecutions({ userId: id })),
          "listExecutions parentId": !optional && (() => store.listExecutions({ parentId: id })),
          "deleteExecutions id": () =>
            store.deleteExecutions([
              { id: "e1", version: 0 },
              { id, version: 0 },
            ]),
          "saveDefinition hash": () => store.saveDefinition(id, "{}"),
          "getDefinition hash": () => store.getDefinition(id),
        };
        for (const [place, call] of Object.entries(calls)) {
          if (call === false) continue;
          const text = JSON.stringify(value) ?? "undefined";
          await rejects(
            call,
            "INVALID_ARGUMENT",
            `${place} must be refused where it is ${text.slice(0, 20)}: ids are 1 to 512 bytes of well-formed Unicode without U+0000. The checks of @waymark/core do this.`,
          );
        }
      }
      equal(await everythingOf(store, "e1"), before, "What is refused must not be written.");
      equal(await store.getExecution("e2"), undefined, "What is refused must not be written.");
    },
  },
  {
    id: "errors/invalid-arguments",
    title: "refuses wrong arguments before anything else, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const before = await everythingOf(store, "e1");
      for (const [what, call] of Object.entries(wrongCalls(store, created))) {
        await rejects(call, "INVALID_ARGUMENT", `${what} must be refused. The checks of @waymark/core do this.`);
      }
      equal(await everythingOf(store, "e1"), before, "What is refused must not be written.");
      equal(await store.getExecution("e2"), undefined, "What is refused must not be written.");
      equal((await store.listExecutions()).items.length, 1, "What is refused must not be written.");
    },
  },
  {
    id: "errors/arguments-first",
    title: "looks at the arguments before it looks at the execution",
    invariant: 14,
    async run({ store }) {
      const advice = "INVALID_ARGUMENT comes before EXECUTION_NOT_FOUND: check arguments at the door.";
      await rejects(() => store.commit("nobody", newCommit({ token: 1, version: -1 })), "INVALID_ARGUMENT", advice);
      await rejects(() => store.claimExecution("nobody", newClaim({ from: [] })), "INVALID_ARGUMENT", advice);
      await rejects(() => store.readCheckpoints("nobody", { limit: -1 }), "INVALID_ARGUMENT", advice);
    },
  },
  {
    id: "errors/close",
    title: "can be closed twice, and then answers or says STORE_CLOSED",
    invariant: 14,
    async run({ store, reopen }) {
      const created = await store.createExecution(newExecution("e1"));
      const closed = await reopen();
      await closed.close();
      await closed.close();
      await closed[Symbol.asyncDispose]();
      const calls = [
        () => closed.getExecution("e1"),
        () => closed.readCheckpoints("e1"),
        () => closed.listExecutions(),
        () => closed.getDefinition("hash-1"),
        () => closed.saveDefinition("hash-1", "{}"),
        () => closed.createExecution(newPending("e2")),
        () => closed.commit("e1", newCommit(created)),
        () => closed.claimExecution("e1", newClaim({ force: true })),
        () => closed.deleteExecutions([{ id: "e3", version: 0 }]),
      ];
      for (const call of calls) {
        const result = await outcome<unknown>(call);
        if (result.ok) continue;
        equal(
          result.code,
          "STORE_CLOSED",
          `After close() a call answers as ever or rejects with STORE_CLOSED, but: ${showError(result.error)}`,
        );
      }
      ok((await store.getExecution("e1")) !== undefined, "Closing one handle must leave the others open.");
    },
  },
  {
    id: "errors/close-in-flight",
    title: "leaves no call hanging that is in flight when the store is closed",
    invariant: 14,
    async run({ store, reopen }) {
      const { token } = await store.createExecution(newExecution("e1"));
      const closing = await reopen();
      const calls = [0, 1, 2].map((version) => outcome(() => closing.commit("e1", newCommit({ token, version }))));
      const reads = [0, 1, 2].map(() => outcome<unknown>(() => closing.readCheckpoints("e1")));
      await closing.close();
      for (const result of await Promise.all<Awaited<(typeof reads)[number]> | Awaited<(typeof calls)[number]>>([
        ...calls,
        ...reads,
      ])) {
        if (result.ok || result.code === "VERSION_CONFLICT") continue;
        ok(
          result.code === "STORE_CLOSED" || result.code === "STORE_UNAVAILABLE",
          `A call in flight when close() is called must end: done, or with STORE_CLOSED, but: ${showError(result.error)}`,
        );
      }
    },
  },
];

function wrongCalls(
  store: CheckpointStore,
  head: { token: number; version: number },
): Record<string, () => Promise<unknown>> {
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose, as a caller without types can be
  const wrong = (value: unknown) => value as any;
  const create = (changes: object) => () => store.createExecution({ ...newExecution("e2"), ...changes });
  const claim = (changes: object) => () => store.claimExecution("e1", { ...newClaim(), ...changes });
  const commit = (changes: object) => () => store.commit("e1", { ...newCommit(head), ...changes });
  const commitWith = (changes: Partial<NewCheckpoint>) => commit({ checkpoint: newCheckpoint(changes) });
  return {
    "createExecution without an object": () => store.createExecution(wrong(undefined)),
    "createExecution with an unknown status": create({ status: "done" }),
    "createExecution with a negative currentStep": create({ currentStep: -1 }),
    "createExecution with a fraction as totalSteps": create({ totalSteps: 1.5 }),
    "createExecution running without an owner": create({ owner: undefined }),
    "createExecution running without a lease": create({ leaseMs: undefined }),
    "createExecution pending with an owner": create({ status: "pending" }),
    "createExecution without a checkpoint": create({ checkpoint: undefined }),
    "createExecution with a delta": create({ checkpoint: newCheckpoint() }),
    "createExecution with a negative leaseMs": create({ leaseMs: -1 }),
    "createExecution with NaN as wakeAt": create({ wakeAt: Number.NaN }),
    "createExecution with a text as failure": create({ failure: "boom" }),
    "claimExecution without an object": () => store.claimExecution("e1", wrong(undefined)),
    "claimExecution from nothing": claim({ from: [] }),
    "claimExecution from an unknown status": claim({ from: ["running", "done"] }),
    "claimExecution with from as a text": claim({ from: "running" }),
    "claimExecution with Infinity as leaseMs": claim({ leaseMs: Number.POSITIVE_INFINITY }),
    "commit without an object": () => store.commit("e1", wrong(undefined)),
    "commit without a token": commit({ token: undefined }),
    "commit with a text as version": commit({ version: "0" }),
    "commit with a negative leaseMs": commit({ leaseMs: -1 }),
    "commit with a fraction as dropBefore": commit({ dropBefore: 0.5 }),
    "commit with an unknown status": commit({ head: { status: "done" } }),
    "commit with a negative currentStep": commit({ head: { currentStep: -1 } }),
    "commit with NaN as wakeAt": commit({ head: { wakeAt: Number.NaN } }),
    "commit with an unknown kind": commitWith({ kind: wrong("other") }),
    "commit with a negative durationMs": commitWith({ durationMs: -1 }),
    "commit with NaN as timestamp": commitWith({ timestamp: Number.NaN }),
    "commit with an object as payload": commitWith({ payload: wrong({ a: 1 }) }),
    "commit with an error without a message": commitWith({ error: wrong({ code: "X" }) }),
    "commit with a failure without a code": commit({ head: { failure: { message: "x" } } }),
    "readCheckpoints with a negative limit": () => store.readCheckpoints("e1", { limit: -1 }),
    "readCheckpoints with a fraction as from": () => store.readCheckpoints("e1", { from: 0.5 }),
    "readCheckpoints with an unknown order": () => store.readCheckpoints("e1", { order: wrong("up") }),
    "listExecutions with limit 0": () => store.listExecutions({ limit: 0 }),
    "listExecutions with limit 1001": () => store.listExecutions({ limit: 1_001 }),
    "listExecutions with an unknown status": () => store.listExecutions({ status: wrong("done") }),
    "listExecutions with an object as status": () => store.listExecutions({ status: wrong({}) }),
    "listExecutions with a text as leaseExpired": () => store.listExecutions({ leaseExpired: wrong("yes") }),
    "listExecutions with an unknown order": () => store.listExecutions({ order: wrong("up") }),
    "listExecutions with a text as cursor": () => store.listExecutions({ cursor: "not a cursor" }),
    "listExecutions with NaN as createdBefore": () => store.listExecutions({ createdBefore: Number.NaN }),
    "deleteExecutions without a list": () => store.deleteExecutions(wrong(undefined)),
    "deleteExecutions with a version that vanished": () =>
      store.deleteExecutions([wrong({ id: "e1", version: undefined })]),
    "saveDefinition with an object": () => store.saveDefinition("hash-1", wrong({ a: 1 })),
  };
}
