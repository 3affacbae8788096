import {
  type CheckpointStore,
  createWorkflowEngine,
  type Delivered,
  type Dispatcher,
  type NodeExecutor,
  type ScheduleTick,
  suspend,
  WorkflowError,
} from "@waymark/core";
import { interceptStore } from "@waymark/core/store";
import { ManualClock } from "@waymark/core/testing";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { createWorker } from "../src/index.ts";
import { until } from "./until.ts";

const logger = { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 };
const CALL = { workflowId: "w", userId: "u1" };

/** A queue in memory that delivers at once, and can lose everything or be away. */
class QuickQueue implements Dispatcher {
  handler: ((executionId: string) => Promise<Delivered>) | undefined;
  isAway = false;
  loses = false;
  readonly again: number[] = [];
  readonly onTick = new Map<string, (tick: ScheduleTick) => Promise<void>>();

  async enqueue(executionId: string): Promise<void> {
    if (this.isAway) throw new Error("away");
    if (!this.loses) queueMicrotask(() => void this.deliver(executionId));
  }

  async deliver(executionId: string): Promise<void> {
    const { againInMs } = (await this.handler?.(executionId)) ?? {};
    if (againInMs === undefined) return;
    this.again.push(againInMs);
    setTimeout(() => void this.deliver(executionId), againInMs);
  }

  async work(handler: (executionId: string) => Promise<Delivered>, { signal }: { signal: AbortSignal }): Promise<void> {
    if (this.isAway) throw new Error("away");
    this.handler = handler;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.handler = undefined;
  }

  async schedule(id: string, _cron: string, _options: object, onTick: (tick: ScheduleTick) => Promise<void>) {
    this.onTick.set(id, onTick);
  }

  async unschedule(id: string): Promise<boolean> {
    return this.onTick.delete(id);
  }

  async schedules() {
    return [...this.onTick.keys()].map((id) => ({ id, cron: "* * * * *", timeZone: "UTC" }));
  }

  async close(): Promise<void> {}
}

function opened(dispatcher?: Dispatcher, executor: NodeExecutor = ({ context }) => context, given?: CheckpointStore) {
  const store = given ?? new MemoryCheckpointStore();
  const engine = createWorkflowEngine({
    store,
    ...(dispatcher === undefined ? {} : { dispatcher }),
    workflows: [{ id: "w", nodes: [{ id: "a" }], edges: [] }],
    executors: { default: executor },
    logger,
  });
  const isCompleted = async (id: string) => (await store.getExecution(id))?.status === "completed";
  return { store, engine, isCompleted };
}

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

describe("schedules", () => {
  it("start one execution per tick, however often the tick comes, with an id made of schedule and time", async () => {
    const queue = new QuickQueue();
    const { engine, isCompleted } = opened(queue);
    const worker = createWorker({ engine, sweepIntervalMs: 20 });
    await worker.schedule("nightly", "0 3 * * *", { workflowId: "w", userId: "u1", initialData: { kind: "report" } });
    const dueAt = Date.UTC(2026, 0, 2, 3);
    await Promise.all([1, 2, 3].map(() => queue.onTick.get("nightly")?.({ dueAt })));
    const id = "nightly@2026-01-02T03:00:00.000Z";
    await until(() => isCompleted(id));
    const { items } = await engine.listExecutions();
    expect(items.map((item) => item.id)).toEqual([id]);
    expect((await engine.getExecutionState(id)).getContext()).toEqual({ kind: "report" });
    expect(await worker.schedules()).toEqual([{ id: "nightly", cron: "* * * * *", timeZone: "UTC" }]);
    expect([await worker.unschedule("nightly"), await worker.unschedule("nightly")]).toEqual([true, false]);
    await worker.stop();
  });

  it("need a dispatcher that keeps them, a workflow, a user and a time zone that exists", async () => {
    const target = { workflowId: "w", userId: "u1" };
    const without = createWorker({ engine: opened().engine });
    const plain = { enqueue: async () => undefined, work: async () => undefined, close: async () => undefined };
    const cannot = createWorker({ engine: opened(plain).engine });
    const able = createWorker({ engine: opened(new QuickQueue()).engine });
    for (const call of [
      () => without.schedule("a", "* * * * *", target),
      () => without.schedules(),
      () => cannot.schedule("a", "* * * * *", target),
      () => able.schedule("a b", "* * * * *", target),
      () => able.schedule("a", "", target),
      () => able.schedule("a", "* * * * *", { ...target, userId: "" }),
      () => able.schedule("a", "* * * * *", { ...target, initialData: 5 as never }),
      () => able.schedule("a", "* * * * *", { ...target, initialData: [] as never }),
      () => able.schedule("a", "* * * * *", { ...target, timezone: "UTC" } as never),
      () => able.stop({ drainMS: 5 } as never),
      () => able.stop({ drainMs: -1 }),
      () => able.schedule("a", "* * * * *", { ...target, timeZone: "Mars/Base" }),
      () => able.schedule("a", "* * * * *", { ...target, missed: "all" as never }),
      () => able.schedule("a", "* * * * *", { ...target, zone: "UTC" } as never),
    ]) {
      await expect(call()).rejects.toSatisfy(
        (error) => error instanceof WorkflowError && error.code === "INVALID_ARGUMENT",
      );
    }
    await Promise.all([without, cannot, able].map((worker) => worker.stop()));
  });
});
