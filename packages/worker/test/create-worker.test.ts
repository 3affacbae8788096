import { createWorkflowEngine, type Delivered, suspend } from "@waymark/core";
import { interceptStore } from "@waymark/core/store";
import { ManualClock } from "@waymark/core/testing";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { createWorker } from "../src/index.ts";
import { logger, opened, QuickQueue } from "./quick-queue.ts";
import { until } from "./until.ts";

const CALL = { workflowId: "w", userId: "u1" };

describe("createWorker", () => {
  it("without a dispatcher finds executions in the store", async () => {
    const { engine, isCompleted } = opened();
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    const { executionId } = await engine.startExecution(CALL);
    await until(() => isCompleted(executionId));
    await worker.stop();
  });

  it("runs what its queue delivers, and has it delivered again when a wait is over", async () => {
    const queue = new QuickQueue();
    const { engine, isCompleted } = opened(queue, ({ resume, context }) =>
      resume === undefined ? suspend({ forMs: 50 }) : context,
    );
    const worker = createWorker({ engine, sweepIntervalMs: 600_000 });
    await until(() => queue.handler !== undefined);
    const { executionId } = await engine.startExecution(CALL);
    await until(() => isCompleted(executionId));
    // A timer of the process may be a fraction of a millisecond early; then there is one more short delay.
    expect(queue.again[0]).toBeGreaterThan(0);
    expect(queue.again[0]).toBeLessThan(1_000);
    await worker.stop();
  });

  it("runs what its queue has lost, and what it cannot give to a queue that is away", async () => {
    for (const fault of ["loses", "isAway"] as const) {
      const queue = new QuickQueue();
      queue[fault] = true;
      const { engine, isCompleted } = opened(queue);
      const worker = createWorker({ engine, sweepIntervalMs: 30 });
      const { executionId } = await engine.startExecution(CALL);
      queue.loses = false;
      await until(() => isCompleted(executionId));
      await worker.stop();
    }
  });

  it("gives a job back that its engine cannot run, up to a minute later; then the sweep adds it again, once per pause", async () => {
    const queue = new QuickQueue();
    queue.loses = true;
    const clock = new ManualClock();
    const store = new MemoryCheckpointStore({ clock });
    const workflows = [{ id: "w", nodes: [{ id: "a" }], edges: [] }];
    const options = { store, clock, workflows, dispatcher: queue, logger };
    const maker = createWorkflowEngine({ ...options, executors: { default: ({ context }) => context } });
    const { executionId } = await maker.startExecution(CALL);
    const worker = createWorker({
      engine: createWorkflowEngine({ ...options, executors: {} }),
      sweepIntervalMs: 5_000,
    });
    await until(() => queue.handler !== undefined);
    const delivered: Delivered[] = [];
    for (let each = 0; each < 6; each++) delivered.push((await queue.handler?.(executionId)) ?? {});
    expect(delivered.map(({ againInMs }) => againInMs)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, undefined]);
    const given: number[] = [];
    queue.enqueue = async () => void given.push(clock.elapsed());
    while (given.length === 0) {
      clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The engine's own pause is over.
    expect(given[0]).toBeGreaterThanOrEqual(64_000);
    await worker.stop();
  });

  it("makes two queries per look, which return nothing, however many executions sleep", async () => {
    const { store, engine } = opened(new QuickQueue(), () => suspend({ forMs: 3_600_000 }));
    for (let each = 0; each < 300; each++) {
      const { executionId } = await engine.startExecution(CALL);
      await engine.recoverExecution({ executionId });
    }
    const asked: string[] = [];
    let found = 0;
    const noted = interceptStore(store, async (method, call) => {
      asked.push(method);
      const answer = await call();
      if (method === "listExecutions") found += (answer as { items: unknown[] }).items.length;
      return answer;
    });
    const { engine: watched } = opened(new QuickQueue(), ({ context }) => context, noted);
    const worker = createWorker({ engine: watched, sweepIntervalMs: 10 });
    await until(() => asked.length >= 20);
    await worker.stop();
    expect([...new Set(asked)]).toEqual(["listExecutions"]);
    expect({ found, isPairs: asked.length % 2 === 0 }).toEqual({ found: 0, isPairs: true });
  });

  it("works again with a queue that was away when it began", async () => {
    const queue = new QuickQueue();
    queue.isAway = true;
    const { engine, isCompleted } = opened(queue);
    const worker = createWorker({ engine, sweepIntervalMs: 600_000 });
    queue.isAway = false;
    await until(() => queue.handler !== undefined);
    const { executionId } = await engine.startExecution(CALL);
    await until(() => isCompleted(executionId));
    await worker.stop();
  });

  it("works again with a queue whose `work` throws instead of rejecting", async () => {
    const queue = new QuickQueue();
    const { work } = queue;
    let calls = 0;
    queue.work = (...given) => {
      if (++calls === 1) throw new Error("broken");
      return work.apply(queue, given);
    };
    const worker = createWorker({ engine: opened(queue).engine, sweepIntervalMs: 600_000 });
    await until(() => queue.handler !== undefined);
    await worker.stop();
    expect(calls).toBe(2);
  });

  it.each([
    ["empty", ""],
    ["too long", "x".repeat(600)],
    ["a number", 5],
    ["null", null],
  ])("is done with a job whose id is %s: no execution can have it", async (_what, id) => {
    const queue = new QuickQueue();
    const worker = createWorker({ engine: opened(queue).engine, sweepIntervalMs: 600_000 });
    await until(() => queue.handler !== undefined);
    expect(await queue.handler?.(id as string)).toEqual({});
    await worker.stop();
  });

  it("stops earlier if it is told to stop again, with a limit", async () => {
    let isAborted = false;
    const { engine } = opened(undefined, ({ signal }) => {
      signal.addEventListener("abort", () => {
        isAborted = true;
      });
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    });
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    const { executionId } = await engine.startExecution(CALL);
    await until(async () => (await engine.getExecutionState(executionId)).getStatus() === "running");
    await Promise.all([worker.stop(), worker.stop({ drainMs: 10 })]);
    expect(isAborted).toBe(true);
  });

  it("stops once the nodes in flight have finished, and gives its executions back", async () => {
    let release = (): void => undefined;
    const { engine, store } = opened(undefined, async ({ context }) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return context;
    });
    const idle = release;
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    const { executionId } = await engine.startExecution(CALL);
    await until(() => release !== idle);
    const stops = [worker.stop(), worker.stop({ drainMs: 1_000 })];
    release();
    await Promise.all(stops);
    expect((await store.getExecution(executionId))?.leaseUntil).toBeUndefined();
    const { executionId: later } = await engine.startExecution(CALL);
    expect((await store.getExecution(later))?.status).toBe("pending");
  });

  it("aborts nodes that have not finished after drainMs", async () => {
    let isAborted = false;
    const { engine } = opened(
      undefined,
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            isAborted = true;
            reject(signal.reason);
          });
        }),
    );
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    const { executionId } = await engine.startExecution(CALL);
    await until(async () => (await engine.getExecutionState(executionId)).getStatus() === "running");
    await worker.stop({ drainMs: 10 });
    expect(isAborted).toBe(true);
  });

  it.each([
    [{}, "engine"],
    [{ engine: {} }, "engine"],
    [{ concurrency: 0 }, "concurrency"],
    [{ concurrency: 1.5 }, "concurrency"],
    [{ sweepIntervalMs: 0 }, "sweepIntervalMs"],
    [{ workers: 3 }, "workers"],
    [undefined, "options"],
  ])("refuses %j", (options, problem) => {
    const { engine } = opened();
    const given = options === undefined || Object.keys(options).length === 0 ? options : { engine, ...options };
    expect(() => createWorker(given as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(problem) }),
    );
  });
});
