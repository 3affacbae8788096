import { equal, ok, outcome, showError } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newCommit, newExecution, newPending } from "../fixtures.ts";

/** Cases about calls to a closed store. */
export const errorCases: readonly ConformanceCase[] = [
  {
    id: "errors/close",
    title: "can be closed twice, and then answers calls or rejects them with STORE_CLOSED",
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
          `After close() a call must resolve as before or reject with STORE_CLOSED, but it rejected with: ${showError(result.error)}`,
        );
      }
      ok((await store.getExecution("e1")) !== undefined, "Closing one handle must not close the others.");
    },
  },
  {
    id: "errors/close-in-flight",
    title: "ends every call that is in progress when the store is closed",
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
          `A call in progress during close() must resolve or reject with STORE_CLOSED, but it rejected with: ${showError(result.error)}`,
        );
      }
    },
  },
];
