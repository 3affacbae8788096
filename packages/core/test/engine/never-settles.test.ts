import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  defineNode,
  type ExecutorSource,
  type NodeExecutor,
  type StandardSchema,
  suspend,
  type WorkflowSource,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";
import { type Driven, driven, watchCalls } from "./driven-run.ts";
import { thenable } from "./thenable.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
const LIMIT_MS = 10_000;
/** What the engine's documentation states: for the store and lookups, and for a node after an abort. */
const GRACE_MS = 1_000;
const ABORT_GRACE_MS = 5_000;

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);
/** A thenable that ignores whoever waits for it. */
const deaf = (): unknown => thenable(() => undefined);

type Limit = "timeoutMs" | "budgetMs" | "signal";
const LIMITS: readonly Limit[] = ["timeoutMs", "budgetMs", "signal"];

function limitOf(limit: Limit, clock: ManualClock): object {
  if (limit !== "signal") return { [limit]: LIMIT_MS };
  const controller = new AbortController();
  clock.schedule(LIMIT_MS, () => controller.abort(new Error("shutting down")));
  return { signal: controller.signal };
}

/** What an end looks like: a status with its code, or the error that was thrown. */
const endOf = (run: Promise<{ status: string; failure?: { code: string } | undefined }>): Promise<string> =>
  run.then(
    ({ status, failure }) => (failure === undefined ? status : `${status} ${failure.code}`),
    (error: { code?: string; message: string }) => `throws ${error.code ?? error.message}`,
  );

interface Hang {
  executor?: NodeExecutor;
  executors?: ExecutorSource;
  workflows?: WorkflowSource;
  /** Whether a call of the store, by its description, never settles. */
  store?: (what: string) => boolean;
  durability?: "async";
}

/** Makes an engine in which something never settles, until `mend` is called. */
function setUp({ executor = append, store: hangs = () => false, ...hang }: Hang) {
  const clock = new ManualClock();
  const storeClock = new ManualClock(0);
  const kept = new MemoryCheckpointStore({ clock: storeClock });
  const state = { isMended: false };
  const store: CheckpointStore = watchCalls(kept, (what, call) => {
    if (!state.isMended && hangs(what)) return never();
    return call();
  });
  const options = { workflows: [chain(3)], executors: { default: executor }, retry: { maxAttempts: 2 }, ...hang };
  const make = (others: Hang = {}) => driven({ ...options, ...others }, { clock, storeClock, store });
  return { state, kept, make, ...make() };
}

/** Asserts that nothing is left that would keep a process alive. */
function expectNoTimers({ clock }: Pick<Driven, "clock">): void {
  expect(clock.nextMs).toBeUndefined();
}

const FAILS_ONCE: NodeExecutor = (args) => {
  if (args.node.id === "n2" && args.attempt === 1) throw new Error("503");
  return append(args);
};
const asks: NodeExecutor = (args) => (args.node.id === "n2" && args.resume === undefined ? suspend() : append(args));
const long =
  (clock: () => ManualClock): NodeExecutor =>
  async (args) => {
    await new Promise<void>((resolve) => void clock().schedule(11_000, resolve));
    return append(args);
  };

describe("a call of the store that never settles", () => {
  const phases: [phase: string, hang: Hang][] = [
    ["the definition is saved", { store: (what) => what === "saveDefinition" }],
    ["the execution is created", { store: (what) => what === "createExecution" }],
    ["a node is committed", { store: (what) => what.includes('"n2"') }],
    ["a node is committed beside the next one", { store: (what) => what.includes('"n2"'), durability: "async" }],
    ["a failure is committed", { executor: FAILS_ONCE, store: (what) => what.includes('"error"') }],
    ["a wait is committed", { executor: asks, store: (what) => what.includes("suspended") }],
    ["the last node is committed", { store: (what) => what.includes("completed") }],
  ];
  const cases = phases.flatMap(([phase, hang]) => LIMITS.map((limit) => [phase, limit, hang] as const));

  it.each(cases)("while %s: %s ends the call with STORE_UNAVAILABLE", async (_phase, limit, hang) => {
    const run = setUp(hang);
    const end = endOf(run.engine.executeWorkflow({ ...CALL, ...limitOf(limit, run.clock) }));
    expect(await run.toEnd(end)).toBe("throws STORE_UNAVAILABLE");
    expect(run.clock.elapsed()).toBe(LIMIT_MS + GRACE_MS);
    expectNoTimers(run);
  });

  const resumePhases: [phase: string, hang: Hang["store"]][] = [
    ["the head is read", (what) => what === "getExecution"],
    ["the definition is read", (what) => what === "getDefinition"],
    ["the records are read", (what) => what === "readCheckpoints"],
    ["the execution is claimed", (what) => what === "claimExecution"],
    ["the answer is kept", (what) => what.includes('"save"')],
    ["the lease is renewed", (what) => what === "renewal"],
  ];
  const resumeCases = resumePhases.flatMap(([phase, store]) => LIMITS.map((limit) => [phase, limit, store] as const));

  it.each(resumeCases)(
    "of a resume, while %s: %s ends the call with STORE_UNAVAILABLE",
    async (phase, limit, store) => {
      const clocks: { clock?: ManualClock } = {};
      const wait = long(() => clocks.clock as ManualClock);
      const executor: NodeExecutor = (args) => (args.resume === undefined ? asks(args) : wait(args));
      const run = setUp({ executor, store: store as (what: string) => boolean });
      clocks.clock = run.clock;
      run.state.isMended = true;
      await run.toEnd(run.engine.executeWorkflow(CALL));
      run.state.isMended = false;
      // An engine that has another definition, and must read that of the execution.
      const { engine, toEnd } = run.make({ workflows: [chain(4)] });
      const startedMs = run.clock.elapsed();
      const end = endOf(engine.resumeWorkflow({ executionId: "e1", data: 1, ...limitOf(limit, run.clock) }));
      expect(await toEnd(end)).toBe("throws STORE_UNAVAILABLE");
      // A renewal alone is not cut off: the node in flight ends, and its commit waits as long as any.
      const nodeMs = phase === "the lease is renewed" && limit !== "timeoutMs" ? 1_000 : 0;
      expect(run.clock.elapsed() - startedMs).toBe(LIMIT_MS + GRACE_MS + nodeMs);
      run.clock.advance(60_000);
      expectNoTimers(run);
    },
  );

  it("when a lost run reads what is on record: the call ends with STORE_UNAVAILABLE", async () => {
    const run = setUp({ executor: () => never(), store: (what) => what === "getExecution" });
    const end = endOf(run.engine.executeWorkflow({ ...CALL, ...limitOf("timeoutMs", run.clock), timeoutMs: 60_000 }));
    run.clock.schedule(5_000, () => {
      const head = { currentStep: 0, totalSteps: 0, status: "cancelled" } as const;
      const claim = { claimId: "c", owner: "o", leaseMs: 1, from: ["running"] as const, force: true };
      void run.kept
        .claimExecution("e1", claim)
        .then(({ token, version }) => run.kept.commit("e1", { commitId: "c", token, version, head }));
    });
    expect(await run.toEnd(end)).toBe("throws STORE_UNAVAILABLE");
    expect(run.clock.elapsed()).toBe(10_000 + GRACE_MS);
    expectNoTimers(run);
  });
});

describe("what an executor returns and never settles", () => {
  const results: [name: string, result: () => unknown][] = [
    ["a promise", never],
    ["a thenable", deaf],
    ["a promise of a thenable", () => Promise.resolve(deaf())],
    ["a thenable that resolves with a promise", () => thenable((resolve) => resolve(never()))],
  ];

  it.each(results)("%s: the run's timeout, the node's timeout and the signal end it", async (_name, result) => {
    const executor: NodeExecutor = (args) => (args.node.id === "n2" ? (result() as never) : append(args));
    for (const [limits, end, elapsedMs] of [
      ["timeoutMs", "failed EXECUTION_TIMEOUT", LIMIT_MS],
      ["signal", "pending", LIMIT_MS + ABORT_GRACE_MS],
    ] as const) {
      const run = setUp({ executor });
      const call = { ...CALL, ...limitOf(limits, run.clock) };
      expect(await run.toEnd(endOf(run.engine.executeWorkflow(call)))).toBe(end);
      expect(run.clock.elapsed()).toBe(elapsedMs);
      expectNoTimers(run);
    }
    const clock = new ManualClock();
    const run = driven({ workflows: [chain(3)], executors: { default: executor }, nodeTimeoutMs: LIMIT_MS }, { clock });
    expect(await run.toEnd(endOf(run.engine.executeWorkflow(CALL)))).toBe("failed NODE_TIMEOUT");
    expect(clock.elapsed()).toBe(LIMIT_MS);
    expectNoTimers(run);
  });
});

describe("a schema or a lookup that never settles", () => {
  const state = { isMended: false };
  const hangs = <T>(value: T): T | Promise<T> => (state.isMended ? value : never<T>());
  const schema: StandardSchema<object, Record<string, unknown>> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => hangs({ value: value as Record<string, unknown> }),
    },
  };
  const defined = defineNode({ type: "default", data: schema, run: ({ context }) => context });
  const definition = chain(3);
  const cases: [name: string, hang: Hang][] = [
    ["the schema of a workflow's input", { workflows: [{ ...definition, input: schema }] as WorkflowSource }],
    ["the schema of a node's data", { executors: { default: defined } }],
    ["workflows, a function", { workflows: async () => hangs(definition) }],
    ["executors, a function", { executors: async () => hangs(append) }],
  ];

  it.each(cases.flatMap(([name, hang]) => LIMITS.map((limit) => [name, limit, hang] as const)))(
    "%s: %s ends the call, nothing is written, and the next call works",
    async (_name, limit, hang) => {
      state.isMended = false;
      const run = setUp(hang);
      const end = endOf(run.engine.executeWorkflow({ ...CALL, ...limitOf(limit, run.clock) }));
      const reason = limit === "signal" ? "throws shutting down" : "throws EXECUTION_TIMEOUT";
      expect(await run.toEnd(end)).toBe(reason);
      expect(run.clock.elapsed()).toBe(LIMIT_MS + GRACE_MS);
      expectNoTimers(run);
      expect((await run.kept.listExecutions()).items).toEqual([]);
      state.isMended = true;
      expect(await run.toEnd(endOf(run.engine.executeWorkflow(CALL)))).toBe("completed");
    },
  );

  it("of a resume, too; the head is as before", async () => {
    for (const limit of LIMITS) {
      state.isMended = true;
      const run = setUp({ executors: async () => hangs(asks) });
      await run.toEnd(run.engine.executeWorkflow(CALL));
      const before = await headIn(run.kept, "e1");
      state.isMended = false;
      const { engine, toEnd } = run.make();
      const end = endOf(engine.resumeWorkflow({ executionId: "e1", data: 1, ...limitOf(limit, run.clock) }));
      expect(await toEnd(end)).toBe(limit === "signal" ? "throws shutting down" : "throws EXECUTION_TIMEOUT");
      expect(await headIn(run.kept, "e1")).toEqual(before);
      expectNoTimers(run);
      state.isMended = true;
      expect(await toEnd(endOf(engine.resumeWorkflow({ executionId: "e1", data: 1 })))).toBe("completed");
    }
  });
});
