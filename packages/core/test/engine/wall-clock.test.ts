import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  type NodeExecutor,
  RetryAfterError,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { comparable, type Driven, driven } from "./driven-run.ts";
import { until } from "./turns.ts";

const HOUR_MS = 3_600_000;
const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };

type EngineOptions = Parameters<typeof driven>[0];

/** A run, or several, in which time matters. */
interface Scenario {
  options: (clock: ManualClock) => Omit<EngineOptions, "workflows" | "store">;
  workflow?: WorkflowDefinition;
  run?: (run: Driven) => Promise<ExecuteWorkflowResult>;
}

/** An executor that takes so long, and says something while it does. */
function working(clock: ManualClock, msOf: (nodeId: string, attempt: number) => number): NodeExecutor {
  return async (args) => {
    args.log.info("begun");
    await new Promise<void>((resolve) => void clock.schedule(msOf(args.node.id, args.attempt), resolve));
    args.log.info("about to end");
    return append(args);
  };
}

/** Fails so many times, then takes 40 ms. */
function failing(clock: ManualClock, times: number, error: () => Error = () => new Error("503")): NodeExecutor {
  const work = working(clock, () => 40);
  return async (args) => {
    const result = await work(args);
    if (args.node.id === "n2" && args.attempt <= times) throw error();
    return result;
  };
}

const execute = ({ engine, toEnd }: Driven, limits: object = {}) =>
  toEnd(engine.executeWorkflow({ ...CALL, ...limits }));

/** Leaves behind an execution whose owner has died, with its lease. */
async function abandon(store: CheckpointStore): Promise<void> {
  let hasStarted = false;
  const hang: NodeExecutor = () => {
    hasStarted = true;
    return new Promise(() => undefined);
  };
  const dead = createWorkflowEngine({
    store,
    workflows: [chain(3)],
    executors: { default: hang },
    clock: new ManualClock(),
  });
  void dead.executeWorkflow(CALL);
  await until(() => hasStarted);
}

const SCENARIOS: Record<string, Scenario> = {
  "nodes that take a while": { options: (clock) => ({ executors: { default: working(clock, () => 40) } }) },
  "asynchronous durability": {
    options: (clock) => ({ executors: { default: working(clock, () => 40) }, durability: "async" }),
  },
  "a node that needs renewals of the lease": {
    options: (clock) => ({ executors: { default: working(clock, (id) => (id === "n2" ? 75_000 : 40)) } }),
  },
  "retries and their waits": {
    options: (clock) => ({
      executors: { default: failing(clock, 2) },
      retry: { maxAttempts: 3, backoffMs: 25_000, jitter: 0 },
    }),
  },
  "a wait that a RetryAfterError asks for": {
    options: (clock) => ({
      executors: { default: failing(clock, 1, () => new RetryAfterError("429", { retryAfterMs: 65_000 })) },
      retry: { maxAttempts: 2 },
    }),
  },
  "a node that fails for good": { options: (clock) => ({ executors: { default: failing(clock, 9) } }) },
  "a budget": {
    options: (clock) => ({ executors: { default: working(clock, () => 40) } }),
    run: async (run) => {
      await execute(run, { budgetMs: 60 });
      return run.toEnd(run.engine.resumeWorkflow({ executionId: "e1", budgetMs: 60 }));
    },
  },
  "a budget that a retry would not keep": {
    options: (clock) => ({
      executors: { default: failing(clock, 2) },
      retry: { maxAttempts: 3, backoffMs: 5_000, jitter: 0 },
    }),
    run: (run) => execute(run, { budgetMs: 4_000 }),
  },
  "a timeout of the run": {
    options: (clock) => ({ executors: { default: working(clock, (id) => (id === "n3" ? 90_000 : 40)) } }),
    run: (run) => execute(run, { timeoutMs: 60_000 }),
  },
  "timeouts of nodes": {
    options: (clock) => ({
      executors: { default: working(clock, (id, attempt) => (id === "n2" && attempt < 3 ? 90_000 : 40)) },
      nodeTimeoutMs: 20_000,
      retry: { maxAttempts: 3, backoffMs: 100, jitter: 0 },
    }),
  },
  "a wait for the lease of an owner that has died": {
    options: (clock) => ({ executors: { default: working(clock, () => 40) } }),
    run: async (run) => {
      await abandon(run.store);
      return run.toEnd(run.engine.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 60_000 }));
    },
  },
};

/** Runs a scenario while the wall clock is moved at chosen steps; returns all that must not depend on it. */
async function observe(name: string, moveAt?: (step: number) => number, clock = new ManualClock()) {
  const { options, workflow = chain(3), run = execute } = SCENARIOS[name] as Scenario;
  let step = 0;
  const runs = driven(
    { workflows: [workflow], ...options(clock) },
    moveAt === undefined ? { clock } : { clock, onStep: () => clock.setNow(clock.now() + moveAt(step++)) },
  );
  const result = await run(runs);
  const { items } = await runs.store.listExecutions();
  const heads = items.map(({ id, status, version, token, seq }) => ({ id, status, version, token, seq }));
  return { trace: runs.trace, result: comparable(result), heads };
}

describe.each(Object.keys(SCENARIOS))("%s", (name) => {
  it("happens as it does without, whenever the wall clock is moved once", async () => {
    const undisturbed = await observe(name);
    const steps = undisturbed.trace.length;
    // Of a long wait that looks again and again, not every look.
    const stride = Math.ceil(steps / 40);
    for (const moveMs of [-1, -HOUR_MS, HOUR_MS]) {
      for (let at = 0; at < steps; at += stride) {
        const moved = await observe(name, (step) => (step === at ? moveMs : 0));
        expect(moved, `moved by ${moveMs} ms at step ${at}`).toEqual(undisturbed);
      }
    }
  });

  it("happens as it does without, while the wall clock jumps all the time", async () => {
    const undisturbed = await observe(name);
    const moves = fc.array(fc.integer({ min: -HOUR_MS, max: HOUR_MS }), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        expect(await observe(name, (step) => list[step % list.length] ?? 0)).toEqual(undisturbed);
      }),
      { numRuns: 10 },
    );
  });

  it("happens as it does without, whatever a clock of one's own reads", async () => {
    class OddClock extends ManualClock {
      readonly #readings = [0.5, Number.NaN, -1, 1e300, Number.POSITIVE_INFINITY, undefined as unknown as number];
      #count = 0;
      override now(): number {
        const reading = this.#readings[this.#count++ % (this.#readings.length + 1)];
        if (this.#count % 7 === 0) throw new Error("no time");
        return reading as number;
      }
    }
    const undisturbed = await observe(name);
    expect(await observe(name, undefined, new OddClock())).toEqual(undisturbed);
  });
});

describe("the undisturbed scenarios", () => {
  it("renew the lease, wait, retry, stop and take over, so that there is something to disturb", async () => {
    const count = async (name: string, what: RegExp) =>
      (await observe(name)).trace.filter(([, step]) => what.test(step)).length;
    expect(await count("a node that needs renewals of the lease", /^renewal/)).toBe(7);
    expect(await count("retries and their waits", /^renewal/)).toBeGreaterThan(5);
    expect(await count("retries and their waits", /^node.failed/)).toBe(2);
    expect(await count("timeouts of nodes", /^node.failed/)).toBe(2);
    expect(await count("a budget", /^execution.stopped/)).toBe(1);
    expect(await count("a wait for the lease of an owner that has died", /^claimExecution/)).toBeGreaterThan(20);
    expect((await observe("a wait for the lease of an owner that has died")).result).toMatchObject({
      status: "completed",
    });
    expect((await observe("a timeout of the run")).result).toMatchObject({ failure: { code: "EXECUTION_TIMEOUT" } });
  });
});
