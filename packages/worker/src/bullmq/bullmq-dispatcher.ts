import {
  type Delivered,
  type Dispatcher,
  type DispatcherScheduleOptions,
  type EnqueueOptions,
  type ListedSchedule,
  type QueueDepth,
  type ScheduleTick,
  WorkflowError,
} from "@waymark/core";
import type { Job, JobsOptions, Queue } from "bullmq";
import { Batcher } from "../batcher.ts";
import { FAILED_AGAIN_MS, MAX_DELAY_MS } from "../deliveries.ts";
import { lastTick, type TicksAfter } from "../last-tick.ts";
import { loadPeer } from "../load-peer.ts";
import { checkCron, tryCron } from "../queue-options.ts";
import { reporter } from "../report.ts";
import { keptTime, Ticks } from "../ticks.ts";
import { untilAborted } from "../until-aborted.ts";
import { closeInTime } from "./close-in-time.ts";
import { KeptSchedules } from "./kept-schedules.ts";
import { type BullmqDispatcherOptions, checkBullmqOptions, isClient, withSocketTimeout } from "./options.ts";
import { redisTime } from "./redis-time.ts";

/** As often as BullMQ can count. */
const NO_LIMIT = 2 ** 31 - 1;
/** BullMQ serves the lowest number first, and jobs without one before all others. */
const MIDDLE_PRIORITY = 1_001;
/** Milliseconds between two looks whether Redis has lost the schedules. */
const RESTORE_MS = 5_000;
/** Failed jobs that are kept for people to look at. */
const KEPT_FAILURES = 1_000;

/** The data of a job: an execution, or a tick of a schedule. */
interface JobData {
  id?: string;
  schedule?: string;
  missed?: "skip" | "once";
  /** The time that the tick had when it was delivered before. */
  dueAt?: number;
}

/** A job that is to be added. */
interface NewJob {
  name: string;
  data: JobData;
  opts: JobsOptions;
}

/** A dispatcher on BullMQ. */
export type BullmqDispatcher = Required<Dispatcher>;

/** What no job of the dispatcher is added without: the queue never gives one up, and keeps none that is done. */
const SAFE: JobsOptions = {
  attempts: NO_LIMIT,
  backoff: { type: "fixed", delay: FAILED_AGAIN_MS },
  removeOnComplete: true,
  removeOnFail: { count: KEPT_FAILURES },
};

/**
 * Makes a dispatcher on BullMQ 6, in Redis or Valkey.
 *
 * - It has no limits per tenant: those are in BullMQ's paid version. In a caller's transaction it adds nothing.
 * - Needs the packages bullmq and ioredis beside this one.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#bullmq
 *
 * @example
 * ```ts
 * const dispatcher = bullmqDispatcher({ connection: { host: "localhost", port: 6379 } });
 * const engine = createWorkflowEngine({ store, workflows, executors, dispatcher });
 * ```
 */
export function bullmqDispatcher(options: BullmqDispatcherOptions): BullmqDispatcher {
  checkBullmqOptions(options);
  return new BullmqQueue(options);
}

class BullmqQueue implements BullmqDispatcher {
  readonly #options: BullmqDispatcherOptions & { queue: string };
  readonly #report: (error: unknown) => void;
  readonly #ticks: Ticks;
  readonly #kept = new KeptSchedules();
  readonly #adds: Batcher<NewJob>;
  #queue: Promise<Queue<JobData>> | undefined;
  #isClosed = false;

  constructor(options: BullmqDispatcherOptions) {
    this.#options = { queue: "waymark", ...options, connection: withSocketTimeout(options.connection) };
    this.#report = reporter("bullmqDispatcher", options.onError);
    this.#ticks = new Ticks(this.#report);
    this.#adds = new Batcher(async (jobs) => void (await (await this.#open()).addBulk(jobs)));
  }

  async enqueue(executionId: string, options: EnqueueOptions): Promise<void> {
    const { delayMs = 0, priority = 0, transaction, atMostEveryMs } = options;
    // Before the commit, a delivery would find no execution. The sweep finds it afterwards.
    if (transaction !== undefined) return;
    await this.#adds.add({
      name: "execution",
      data: { id: executionId },
      opts: {
        ...SAFE,
        priority: MIDDLE_PRIORITY - priority,
        ...(delayMs > 0 ? { delay: Math.min(Math.ceil(delayMs), MAX_DELAY_MS) } : {}),
        ...(atMostEveryMs === undefined ? {} : { deduplication: { id: executionId, ttl: atMostEveryMs } }),
      },
    });
  }

  async work(
    handler: (executionId: string) => Promise<Delivered>,
    options: { concurrency: number; signal: AbortSignal },
  ): Promise<void> {
    try {
      await this.#work(handler, options);
    } catch (error) {
      this.#report(error);
      throw error;
    }
  }

  async #work(
    handler: (executionId: string) => Promise<Delivered>,
    { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  ): Promise<void> {
    const { Worker, DelayedError } = await loadPeer("bullmq", () => import("bullmq"));
    const { queue, connection, prefix, redeliverAfterMs = 30_000 } = this.#options;
    const deliveries = new Set<Promise<Delivered>>();
    const worker = new Worker<JobData>(
      queue,
      async (job, token) => {
        const delivery = this.#deliver(handler, job).catch((error: unknown): Delivered => {
          this.#report(error);
          return { againInMs: FAILED_AGAIN_MS };
        });
        deliveries.add(delivery);
        const { againInMs } = await delivery.finally(() => deliveries.delete(delivery));
        if (againInMs === undefined) return;
        await job.moveToDelayed(Date.now() + Math.min(Math.ceil(againInMs), MAX_DELAY_MS), token);
        throw new DelayedError();
      },
      {
        connection,
        ...(prefix === undefined ? {} : { prefix }),
        concurrency,
        // Half of the time for the lock of a dead process to end, and half until somebody looks.
        lockDuration: redeliverAfterMs / 2,
        stalledInterval: redeliverAfterMs / 2,
        maxStalledCount: NO_LIMIT,
      },
    );
    worker.on("error", this.#report);
    const restoring = setInterval(() => void this.#restore(), RESTORE_MS);
    await untilAborted(signal);
    clearInterval(restoring);
    await closeInTime(worker, { isOwn: !isClient(connection), deliveries });
  }

  async schedule(
    id: string,
    cron: string,
    { timeZone = "UTC", missed = "skip" }: DispatcherScheduleOptions,
    onTick: (tick: ScheduleTick) => Promise<void>,
  ): Promise<void> {
    checkCron(cron);
    tryCron(cron, timeZone, await ticksOf(cron));
    const queue = await this.#open();
    const data: JobData = { schedule: id, missed };
    const known = await queue.getJobScheduler(id);
    const isSame =
      known?.pattern === cron && known.tz === timeZone && JSON.stringify(known.template?.data) === JSON.stringify(data);
    const add = () => queue.upsertJobScheduler(id, { pattern: cron, tz: timeZone }, { name: "tick", data, opts: SAFE });
    // A second call would drop a tick that is late.
    if (!isSame) await add();
    this.#ticks.set(id, onTick);
    await this.#kept.keep(queue, id, add);
  }

  async unschedule(id: string): Promise<boolean> {
    this.#ticks.delete(id);
    this.#kept.forget(id);
    return (await this.#open()).removeJobScheduler(id);
  }

  async schedules(): Promise<ListedSchedule[]> {
    const found = await (await this.#open()).getJobSchedulers(0, -1, true);
    return found.map(({ key, pattern = "", tz = "UTC" }) => ({ id: key, cron: pattern, timeZone: tz }));
  }

  async depth(): Promise<QueueDepth> {
    const counts = await (await this.#open()).getJobCounts("waiting", "prioritized", "delayed", "active");
    const { waiting = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
    return { ready: waiting + prioritized, delayed, active };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const queue = await this.#queue?.catch(() => undefined);
    if (queue !== undefined) await closeInTime(queue, { isOwn: !isClient(this.#options.connection) });
  }

  async #restore(): Promise<void> {
    try {
      await this.#kept.restore(await this.#open());
    } catch (error) {
      this.#report(error);
    }
  }

  async #open(): Promise<Queue<JobData>> {
    if (this.#isClosed) throw new WorkflowError("STORE_CLOSED", "The dispatcher is closed.");
    const { queue: name, connection, prefix } = this.#options;
    this.#queue ??= loadPeer("bullmq", () => import("bullmq")).then(({ Queue: BullQueue }) => {
      const queue = new BullQueue<JobData>(name, { connection, ...(prefix === undefined ? {} : { prefix }) });
      queue.on("error", this.#report);
      return queue;
    });
    return this.#queue;
  }

  async #deliver(handler: (executionId: string) => Promise<Delivered>, job: Job<JobData>): Promise<Delivered> {
    const data: JobData = job.data ?? {};
    if (data.id !== undefined) return handler(data.id);
    const { schedule, missed = "skip" } = data;
    // A job that somebody has added or edited by hand.
    if (typeof schedule !== "string") return {};
    const queue = await this.#open();
    const known = await queue.getJobScheduler(schedule);
    if (known === undefined) return {};
    const { pattern = "", tz = "UTC" } = known;
    const kept = keptTime(data.dueAt);
    const dueAt = kept ?? job.opts.prevMillis ?? job.timestamp;
    const now = await redisTime(queue);
    const ticksAfter = await ticksOf(pattern);
    const lastDue = () => lastTick(ticksAfter, tz, new Date(now));
    const { again } = await this.#ticks.take({ schedule, dueAt, isAgain: kept !== undefined, now, missed, lastDue });
    if (again === undefined) return {};
    if (again.dueAt !== kept) await job.updateData({ ...data, dueAt: again.dueAt });
    return { againInMs: again.inMs };
  }
}

/** Returns a function that lists the times of a cron expression as BullMQ computes them. */
async function ticksOf(pattern: string): Promise<TicksAfter> {
  const { getNextMillis } = await loadPeer("bullmq", () => import("bullmq"));
  return ({ tz, from, count }) => {
    const ticks: Date[] = [];
    for (let at: number | undefined = from.getTime(); ticks.length < count; ) {
      at = getNextMillis(at, { pattern, tz });
      if (at === undefined) break;
      ticks.push(new Date(at));
    }
    return ticks;
  };
}
