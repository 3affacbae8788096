import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { describeCheckpointStore } from "../../src/conformance/index.ts";
import { createWorkflowEngine, isWorkflowError, type NodeExecutor } from "../../src/index.ts";
import { crashAt, type InjectedFault, injectFaults, ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "../engine/chain.ts";
import { immediateClock } from "../immediate-clock.ts";

// A wrapper that injects nothing must pass the suite like the store inside.
for (const [name, wrap] of [
  ["no faults", (store: MemoryCheckpointStore) => injectFaults(store, { seed: 1, faults: {} })],
  ["a crash that never happens", (store: MemoryCheckpointStore) => crashAt(store, { call: 1e9, when: "before" })],
] as const) {
  describeCheckpointStore(
    { describe, it },
    {
      name,
      capabilities: MemoryCheckpointStore.capabilities,
      open: async () => {
        const store = new MemoryCheckpointStore();
        return { store: wrap(store), reopen: async () => wrap(store.reopen()), close: () => store.close() };
      },
    },
  );
}

it.each([
  ["crashAt", (store: never) => crashAt(store, { call: 1, when: "before" })],
  ["injectFaults", (store: never) => injectFaults(store, { seed: 1, faults: {} })],
])("%s names what it was given in place of a store", (name, wrap) => {
  const refusal = (message: string) => expect.objectContaining({ code: "INVALID_ARGUMENT", message });
  const mustBe = `${name}: store: must be a CheckpointStore`;
  expect(() => wrap(undefined as never)).toThrow(refusal(`${mustBe}, but is missing.`));
  expect(() => wrap(Promise.resolve() as never)).toThrow(refusal(`${mustBe}, not a Promise: await it.`));
});

describe("injectFaults", () => {
  const RATES = { failBefore: 0.15, failAfter: 0.15, delay: 0.1, delayMs: 0 };

  it("injects the same faults for the same seed", async () => {
    const faultsOf = async (seed: number) => {
      const faults: InjectedFault[] = [];
      const store = injectFaults(new MemoryCheckpointStore(), {
        seed,
        faults: { all: RATES },
        onFault: (fault) => void faults.push(fault),
      });
      for (let i = 0; i < 50; i++) await store.getExecution("e1").catch(() => undefined);
      return faults;
    };
    const first = await faultsOf(7);
    expect(new Set(first.map(({ kind }) => kind))).toEqual(new Set(["failBefore", "failAfter", "delay"]));
    expect(await faultsOf(7)).toEqual(first);
    expect(await faultsOf(8)).not.toEqual(first);
  });

  it("prefers a method's own rates to those of all, and refuses a rate that is not a probability", async () => {
    const store = injectFaults(new MemoryCheckpointStore(), {
      seed: 1,
      faults: { all: { failBefore: 1 }, getDefinition: {} },
    });
    await expect(store.getExecution("e1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.getDefinition("d1")).resolves.toBeUndefined();
    expect(() => injectFaults(store, { seed: 1, faults: { all: { delay: 2 } } })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("lets an engine finish without losing data or repeating a completed node", async () => {
    const memory = new MemoryCheckpointStore();
    let faults = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const store = injectFaults(memory, { seed, faults: { all: RATES }, onFault: () => void faults++ });
      const completed: string[] = [];
      const engine = createWorkflowEngine({
        store,
        workflows: [chain(6)],
        executors: {
          default: (args) => {
            completed.push(args.node.id);
            return append(args);
          },
        },
        leaseMs: 0,
        clock: immediateClock(),
        maxRecoveries: 1_000,
      });
      const executionId = `e${seed}`;
      let again = true;
      let result = await attempt(() => engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId }));
      while (again) {
        const head = await memory.getExecution(executionId);
        again = head?.status !== "completed";
        if (!again) break;
        result = await attempt(() =>
          head === undefined
            ? engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId })
            : engine.resumeWorkflow({ executionId }),
        );
      }
      const state = await createWorkflowEngine({ store: memory, workflows: [], executors: {} }).getExecutionState(
        executionId,
      );
      const nodes = chain(6).nodes.map(({ id }) => id);
      expect(state.getContext(), `seed ${seed}`).toEqual({ ran: nodes });
      expect(
        state.getCheckpoints().map(({ nodeId }) => nodeId),
        `seed ${seed}`,
      ).toEqual(nodes);
      if (result !== undefined) expect(result.status).toBe("completed");
    }
    expect(faults).toBeGreaterThan(100);
  });
});

describe("crashAt", () => {
  it("rejects the chosen call of the chosen method, and every later call", async () => {
    const store = crashAt(new MemoryCheckpointStore(), { method: "getExecution", call: 2, when: "before" });
    await expect(store.getExecution("e1")).resolves.toBeUndefined();
    expect(store.crashed).toBe(false);
    await expect(store.getExecution("e1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await expect(store.getDefinition("d1")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(store.crashed).toBe(true);
  });
});

describe("ManualClock", () => {
  it("calls callbacks in the order of time, including those scheduled meanwhile, but none that were cancelled", () => {
    const clock = new ManualClock(1_000);
    const called: [string, number][] = [];
    const note = (name: string) => () => void called.push([name, clock.now()]);
    clock.schedule(20, note("b"));
    clock.schedule(10, () => {
      note("a")();
      clock.schedule(5, note("nested"));
    });
    const cancel = clock.schedule(12, note("never"));
    cancel();
    expect(clock.nextMs).toBe(10);
    clock.advance(19);
    expect(called).toEqual([
      ["a", 1_010],
      ["nested", 1_015],
    ]);
    clock.advance(1);
    expect(called.at(-1)).toEqual(["b", 1_020]);
    expect(clock.nextMs).toBeUndefined();
  });

  it("refuses what is no number of milliseconds", () => {
    const clock = new ManualClock();
    const date = new Date() as never;
    const refused = (call: string) => ({
      code: "INVALID_ARGUMENT",
      message: `${call}: must be a number of milliseconds, not an instance of "Date".`,
    });
    expect(() => new ManualClock(date)).toThrow(expect.objectContaining(refused("new ManualClock")));
    expect(() => clock.setNow(date)).toThrow(expect.objectContaining(refused("setNow")));
    expect(() => clock.advance(date)).toThrow(expect.objectContaining(refused("advance")));
    expect(() => clock.advance(Number.NaN)).toThrow("not NaN");
  });

  it("makes a lease of the memory store lapse without waiting", async () => {
    const clock = new ManualClock();
    const store = new MemoryCheckpointStore({ clock });
    let started = false;
    const hang: NodeExecutor = () => {
      started = true;
      return new Promise<never>(() => undefined);
    };
    const options = { store, workflows: [chain(1)] };
    const dying = createWorkflowEngine({ ...options, executors: { default: hang }, clock: frozen });
    void dying.executeWorkflow({ workflowId: "chain", userId: "u1", executionId: "e1" });
    while (!started) await new Promise((resolve) => setImmediate(resolve));
    const engine = createWorkflowEngine({ ...options, executors: { default: append }, clock });
    await expect(engine.resumeWorkflow({ executionId: "e1" })).rejects.toMatchObject({ code: "LEASE_HELD" });
    const waiting = engine.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 60_000 });
    while (!(await store.getExecution("e1"))?.owner || clock.now() < Date.UTC(2026, 0, 1) + 30_000) {
      await clock.advanceToNext();
    }
    expect(await waiting).toMatchObject({ status: "completed" });
  });

  it("waits in advanceToNext until a callback is scheduled", async () => {
    const clock = new ManualClock();
    const { executeWorkflow } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(1)],
      executors: { default: () => new Promise<never>(() => undefined) },
      clock,
      leaseMs: 0,
    });
    const run = executeWorkflow({ workflowId: "chain", userId: "u1", timeoutMs: 5_000 });
    await clock.advanceToNext();
    expect(await run).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT" } });
  });
});

/** A clock that never calls back, like that of a dead process, which renews no lease. */
const frozen = { now: () => 0, elapsed: () => 0, schedule: () => () => undefined };

async function attempt<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run();
  } catch (error) {
    if (isWorkflowError(error, "STORE_UNAVAILABLE") || isWorkflowError(error, "EXECUTION_ALREADY_EXISTS"))
      return undefined;
    throw error;
  }
}
