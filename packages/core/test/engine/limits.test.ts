import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type ExecutionEvent,
  type NodeExecutor,
  NonRetryableError,
  RetryAfterError,
  type RetryPolicy,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";

const CALL = { workflowId: "chain", userId: "u1" };
const never = (): Promise<never> => new Promise(() => undefined);

function setUp(
  executor: NodeExecutor,
  options: { retry?: RetryPolicy; nodeTimeoutMs?: number; timeoutMs?: number } = {},
) {
  const clock = new ManualClock();
  const store = new MemoryCheckpointStore();
  const events: ExecutionEvent[] = [];
  const engine = createWorkflowEngine({
    store,
    workflows: [chain(3)],
    executors: { default: executor },
    clock,
    onEvent: (event) => void events.push(event),
    ...options,
  });
  return { clock, store, engine, events };
}

describe("timeouts", () => {
  it("of the run end it, also where the node ignores its signal; it can be resumed", async () => {
    const reasons: unknown[] = [];
    let hang = true;
    const { clock, engine, events } = setUp((args) => {
      if (args.node.id !== "n2" || !hang) return append(args);
      args.signal.addEventListener("abort", () => reasons.push((args.signal.reason as { code?: string }).code));
      return never();
    });
    const run = engine.executeWorkflow({ ...CALL, timeoutMs: 30_000 });
    await until(() => events.some((event) => event.type === "node.started" && event.nodeId === "n2"));
    clock.advance(29_999);
    await settle();
    expect(reasons).toEqual([]);
    clock.advance(1);
    const result = await run;
    expect(result).toMatchObject({
      status: "failed",
      error: expect.stringContaining("timeout"),
      failure: { code: "EXECUTION_TIMEOUT", nodeId: "n2" },
      checkpointsCount: 2,
      canResume: true,
    });
    expect(reasons).toEqual(["EXECUTION_TIMEOUT"]);
    hang = false;
    expect(await engine.resumeWorkflow({ executionId: result.executionId })).toMatchObject({ status: "completed" });
  });

  it("of the run end it between nodes that never wait", async () => {
    const { clock, engine } = setUp((args) => {
      clock.advance(10);
      return append(args);
    });
    const result = await engine.executeWorkflow({ ...CALL, timeoutMs: 15 });
    expect(result).toMatchObject({
      status: "failed",
      failure: { code: "EXECUTION_TIMEOUT", nodeId: "n3" },
      currentStep: 2,
    });
  });

  it("of a node fail it, and are retried as any failure", async () => {
    const { clock, engine } = setUp((args) => (args.node.id === "n1" && args.attempt < 3 ? never() : append(args)), {
      nodeTimeoutMs: 1_000,
      retry: { maxAttempts: 3, backoffMs: 100, jitter: 0 },
    });
    const run = engine.executeWorkflow(CALL);
    for (const waitMs of [1_000, 100, 1_000, 200]) {
      await until(() => clock.nextMs === waitMs);
      clock.advance(waitMs);
    }
    expect(await run).toMatchObject({ status: "completed", checkpointsCount: 5 });
  });
});

describe("a budget", () => {
  it("lets the node in flight finish, starts no other, and leaves the execution pending without a lease", async () => {
    const { clock, store, engine } = setUp((args) => {
      clock.advance(40);
      return append(args);
    });
    const result = await engine.executeWorkflow({ ...CALL, budgetMs: 50 });
    expect(result).toMatchObject({ status: "pending", success: false, currentStep: 2, canResume: true });
    expect(result.error).toBeUndefined();
    const head = await store.getExecution(result.executionId);
    expect(head).toMatchObject({ status: "pending" });
    expect(head?.owner).toBeUndefined();
    expect(await engine.resumeWorkflow({ executionId: result.executionId })).toMatchObject({ status: "completed" });
  });

  it("of nothing runs nothing", async () => {
    const { engine, events } = setUp(append);
    expect(await engine.executeWorkflow({ ...CALL, budgetMs: 0 })).toMatchObject({ status: "pending", currentStep: 0 });
    expect(events.map(({ type }) => type)).toEqual(["execution.started", "execution.stopped"]);
  });

  it("is not waited out by a retry", async () => {
    const { engine } = setUp(
      () => {
        throw new RetryAfterError("rate limited", { retryAfterMs: 60_000 });
      },
      { retry: { maxAttempts: 2 } },
    );
    const result = await engine.executeWorkflow({ ...CALL, budgetMs: 1_000 });
    expect(result).toMatchObject({ status: "pending", checkpointsCount: 1, canResume: true });
  });
});

describe("a signal", () => {
  it("that is aborted already starts nothing", async () => {
    const { engine } = setUp(append);
    const result = await engine.executeWorkflow({ ...CALL, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ status: "pending", currentStep: 0, checkpointsCount: 0 });
  });

  it("tells the node in flight; what that throws is no failure", async () => {
    const controller = new AbortController();
    const { engine } = setUp((args) => {
      if (args.node.id === "n1") return append(args);
      const stopped = new Promise<never>((_, reject) => {
        args.signal.addEventListener("abort", () => reject(args.signal.reason));
      });
      controller.abort(new Error("shutting down"));
      return stopped;
    });
    const result = await engine.executeWorkflow({ ...CALL, signal: controller.signal });
    expect(result).toMatchObject({ status: "pending", currentStep: 1, checkpointsCount: 1, canResume: true });
  });

  it("keeps what the node in flight still completes, and gives up on one that ignores it", async () => {
    for (const finishes of [true, false]) {
      const controller = new AbortController();
      let finish: (() => void) | undefined;
      const { clock, engine } = setUp(async (args) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return append(args);
      });
      const run = engine.executeWorkflow({ ...CALL, signal: controller.signal });
      await until(() => finish !== undefined);
      controller.abort();
      if (finishes) finish?.();
      else clock.advance(5_000);
      expect(await run).toMatchObject({ status: "pending", currentStep: finishes ? 1 : 0 });
    }
  });
});

describe("retries", () => {
  const failing =
    (times: number, error: () => unknown = () => new Error("boom")): NodeExecutor =>
    (args) => {
      if (args.node.id === "n1" && args.attempt <= times) throw error();
      return append(args);
    };

  it("wait longer each time, up to the policy's limit", async () => {
    const retry = { maxAttempts: 5, backoffMs: 100, backoffFactor: 3, maxBackoffMs: 500, jitter: 0 };
    const { clock, engine, events } = setUp(failing(4), { retry });
    const run = engine.executeWorkflow(CALL);
    for (const waitMs of [100, 300, 500, 500]) {
      await until(() => clock.nextMs === waitMs);
      clock.advance(waitMs);
    }
    expect(await run).toMatchObject({ status: "completed", checkpointsCount: 7 });
    const retries = events.filter((event) => event.type === "node.failed");
    expect(retries.map(({ attempt, retryInMs }) => [attempt, retryInMs])).toEqual([
      [1, 100],
      [2, 300],
      [3, 500],
      [4, 500],
    ]);
  });

  it("end with the last attempt's failure; a resume has attempts of its own", async () => {
    const { clock, engine } = setUp(failing(3), { retry: { maxAttempts: 2, backoffMs: 10 } });
    const run = engine.executeWorkflow(CALL);
    await until(() => clock.nextMs === 10);
    clock.advance(10);
    const failed = await run;
    expect(failed).toMatchObject({ status: "failed", failure: { attempts: 2 }, checkpointsCount: 2 });
    const resumed = engine.resumeWorkflow({ executionId: failed.executionId });
    await until(() => clock.nextMs === 10);
    clock.advance(10);
    expect(await resumed).toMatchObject({ status: "completed" });
  });

  it("wait as long as a RetryAfterError says, and not at all after a NonRetryableError", async () => {
    const patient = setUp(
      failing(1, () => new RetryAfterError("429", { retryAfterMs: 7_777 })),
      { retry: { maxAttempts: 2 } },
    );
    const run = patient.engine.executeWorkflow(CALL);
    await until(() => patient.clock.nextMs === 7_777);
    patient.clock.advance(7_777);
    expect(await run).toMatchObject({ status: "completed" });

    const hopeless = setUp(
      failing(1, () => new NonRetryableError("bad request")),
      { retry: { maxAttempts: 9 } },
    );
    expect(await hopeless.engine.executeWorkflow(CALL)).toMatchObject({
      status: "failed",
      error: "bad request",
      failure: { attempts: 1 },
    });
  });

  it("are the node's own where it has a policy", async () => {
    const clock = new ManualClock();
    const definition = chain(1);
    definition.nodes = [{ id: "n1", retry: { maxAttempts: 2, backoffMs: 5 } }];
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [definition],
      executors: { default: failing(1) },
      retry: { maxAttempts: 1 },
      clock,
    });
    const run = engine.executeWorkflow(CALL);
    await until(() => clock.nextMs === 5);
    clock.advance(5);
    expect(await run).toMatchObject({ status: "completed" });
  });
});

describe("a lease", () => {
  it("is renewed while a node takes long, and a renewal that fails ends the run", async () => {
    let finish: (() => void) | undefined;
    const { clock, store, engine } = setUp(async (args) => {
      if (args.node.id === "n1") {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return append(args);
    });
    const run = engine.executeWorkflow({ ...CALL, executionId: "e1" });
    await until(() => finish !== undefined);
    const versionOf = async () => (await store.getExecution("e1"))?.version;
    expect(await versionOf()).toBe(0);
    for (let beat = 1; beat <= 3; beat++) {
      clock.advance(10_000);
      await settle();
      expect(await versionOf()).toBe(beat);
    }
    await engine.cancelExecution({ executionId: "e1" });
    clock.advance(10_000);
    expect(await run).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
    finish?.();
  });
});
