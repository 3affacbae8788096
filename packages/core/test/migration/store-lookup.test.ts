import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { interceptStore } from "../../src/store/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

/** A rollout over a store that hangs while `hangs` is set, and the lookups that reached it. */
function overHangingStore(percent: number) {
  const clock = new ManualClock();
  const state = { hangs: true, lookups: 0 };
  const store = interceptStore(new MemoryCheckpointStore({ clock }), (method, call) => {
    if (method === "getExecution") state.lookups++;
    return state.hangs ? new Promise<never>(() => undefined) : call();
  });
  const parts = twoExecutors({ percent, executionId: ({ tenant }) => tenant }, { store, clock });
  let calls = 0;
  const execute = () => parts.rollout.executeWorkflow({ ...CALL, tenant: `r${calls++}` });
  return { ...parts, clock, state, execute };
}

const turns = () => new Promise((resolve) => setImmediate(resolve));

it("a store that hangs costs one call its 2 seconds, and the next ones nothing, for 10 seconds", async () => {
  const { clock, state, execute } = overHangingStore(0);
  const first = execute();
  await turns();
  clock.advance(2_000);
  expect((await first).executor).toBe("v1");
  for (let i = 0; i < 5; i++) expect((await execute()).executor).toBe("v1");
  expect(state.lookups).toBe(1);
  clock.advance(10_000);
  // One call looks again, and the others do not wait for it.
  const probe = execute();
  await turns();
  for (let i = 0; i < 5; i++) await execute();
  expect(state.lookups).toBe(2);
  clock.advance(2_000);
  await probe;
  await execute();
  expect(state.lookups).toBe(2);
  clock.advance(10_000);
  state.hangs = false;
  await execute();
  await execute();
  expect(state.lookups).toBe(4);
});

it("while a store hangs, calls without an id go to V1 at once, and a call that V2 may have begun throws at once", async () => {
  const { clock, rollout, execute, ran } = overHangingStore(100);
  const first = execute();
  await turns();
  clock.advance(2_000);
  await expect(first).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  await expect(execute()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
  expect(ran).toEqual(["v1"]);
});

it("a store that answers with an error is asked each time", async () => {
  let lookups = 0;
  const store = interceptStore(new MemoryCheckpointStore(), () => {
    lookups++;
    return Promise.reject(new Error("refused"));
  });
  const { rollout } = twoExecutors({ percent: 0, executionId: ({ tenant }) => tenant }, { store });
  for (let i = 0; i < 3; i++) await rollout.executeWorkflow({ ...CALL, tenant: `r${i}` });
  expect(lookups).toBe(3);
});
