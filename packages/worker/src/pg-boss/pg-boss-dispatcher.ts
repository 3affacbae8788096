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
import { invalidArgument } from "@waymark/core/store";
import type { Job, JobInsert, PgBoss } from "pg-boss";
import { Batcher } from "../batcher.ts";
import { endsInTime } from "../ends-in-time.ts";
import { lastTick, type TicksAfter } from "../last-tick.ts";
import { checkCron, tryCron } from "../queue-options.ts";
import { reporter } from "../report.ts";
import { keptTime, Ticks } from "../ticks.ts";
import { untilAborted } from "../until-aborted.ts";
import { openBoss } from "./open-boss.ts";
import { checkPgBossOptions, type PgBossDispatcherOptions, refuseOldNode } from "./options.ts";
import { inTransaction } from "./transaction.ts";
import { type JobData, placeOf, WorkLoop } from "./work-loop.ts";

/** A dispatcher on pg-boss. */
export interface PgBossDispatcher extends Required<Dispatcher> {
  /**
   * Opens the connection and makes the tables and the queue. Otherwise the first call does so.
   *
   * @throws {WorkflowError} STORE_UNAVAILABLE if the database cannot be used; INVALID_ARGUMENT
   */
  setup(): Promise<void>;
}

/**
 * Makes a dispatcher on pg-boss 12, in PostgreSQL or a PGlite.
 *
 * - `startExecution` with a store's `inTransaction` adds the job in the same transaction.
 * - Needs Node.js 22.12, and the package pg-boss beside this one.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#pg-boss
 *
 * @example
 * ```ts
 * const dispatcher = pgBossDispatcher({ url: process.env.DATABASE_URL, tenantConcurrency: 4 });
 * const engine = createWorkflowEngine({ store, workflows, executors, dispatcher });
 * ```
 */
export function pgBossDispatcher(options: PgBossDispatcherOptions): PgBossDispatcher {
  refuseOldNode();
  checkPgBossOptions(options);
  return new PgBossQueue(options);
}

class PgBossQueue implements PgBossDispatcher {
  readonly #options: PgBossDispatcherOptions & { queue: string; redeliverAfterMs: number };
  readonly #report: (error: unknown) => void;
  readonly #ticks: Ticks;
  readonly #loops = new Set<WorkLoop>();
  readonly #inserts: Batcher<JobInsert<JobData>>;
  #boss: Promise<PgBoss> | undefined;
  #isOpen = false;
  #isClosed = false;

  constructor(options: PgBossDispatcherOptions) {
    this.#options = { queue: "waymark", redeliverAfterMs: 30_000, ...options };
    this.#report = reporter("pgBossDispatcher", options.onError);
    this.#ticks = new Ticks(this.#report);
    this.#inserts = new Batcher(async (jobs) => void (await (await this.#open()).insert(this.#options.queue, jobs)));
  }

  async setup(): Promise<void> {
    await this.#open();
  }

  async enqueue(executionId: string, options: EnqueueOptions): Promise<void> {
    const { delayMs = 0, priority, tenant, transaction, atMostEveryMs } = options;
    const job: JobInsert<JobData> = {
      data: { id: executionId, ...(atMostEveryMs === undefined ? {} : { isKept: true }) },
      ...placeOf(delayMs, tenant),
      ...(priority === undefined ? {} : { priority }),
      ...(atMostEveryMs === undefined
        ? {}
        : { singletonKey: executionId, singletonSeconds: Math.ceil(atMostEveryMs / 1_000) }),
    };
    if (transaction === undefined) {
      await this.#inserts.add(job);
      if (delayMs <= 0) for (const loop of this.#loops) loop.wake();
      return;
    }
    // A PGlite has one connection, and this transaction occupies it.
    if (!this.#isOpen && this.#options.pglite !== undefined) {
      throw invalidArgument("dispatcher", "must be set up before a transaction of a PGlite: await dispatcher.setup()");
    }
    const boss = await this.#open();
    await inTransaction(transaction, async (db) => void (await boss.insert(this.#options.queue, [job], { db })));
  }

  async work(
    handler: (executionId: string) => Promise<Delivered>,
    { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  ): Promise<void> {
    const { queue, redeliverAfterMs, tenantConcurrency, pollIntervalMs = 200 } = this.#options;
    const boss = await this.#open().catch((error: unknown) => {
      this.#report(error);
      throw error;
    });
    const loop = new WorkLoop({
      boss,
      queue,
      concurrency,
      tenantConcurrency,
      pollIntervalMs,
      touchEveryMs: Math.max(1_000, redeliverAfterMs / 10),
      signal,
      handle: async (job) => {
        if (job.data.id === undefined) return this.#tick(boss, job);
        // It was asked for before the end.
        return signal.aborted ? { againInMs: 0 } : handler(job.data.id);
      },
      report: this.#report,
    });
    this.#loops.add(loop);
    const over = loop.run().finally(() => this.#loops.delete(loop));
    await Promise.race([over, untilAborted(signal)]);
    await endsInTime(over, loop.deliveries);
  }

  async schedule(
    id: string,
    cron: string,
    { timeZone = "UTC", missed = "skip" }: DispatcherScheduleOptions,
    onTick: (tick: ScheduleTick) => Promise<void>,
  ): Promise<void> {
    checkCron(cron);
    const boss = await this.#open();
    tryCron(cron, timeZone, ticksOf(boss, cron));
    await boss.schedule(this.#options.queue, cron, { schedule: id, missed }, { key: id, tz: timeZone, missed });
    this.#ticks.set(id, onTick);
  }

  async unschedule(id: string): Promise<boolean> {
    const boss = await this.#open();
    this.#ticks.delete(id);
    const known = await boss.getSchedule(this.#options.queue, id);
    if (known === null) return false;
    await boss.unschedule(this.#options.queue, id);
    return true;
  }

  async schedules(): Promise<ListedSchedule[]> {
    const found = await (await this.#open()).getSchedules(this.#options.queue);
    return found.map(({ key, cron, timezone }) => ({ id: key, cron, timeZone: timezone }));
  }

  async depth(): Promise<QueueDepth> {
    const boss = await this.#open();
    const [stats] = await boss.getQueueStats(this.#options.queue, { force: true });
    const { readyCount: ready = 0, deferredCount: delayed = 0, activeCount: active = 0 } = stats ?? {};
    return { ready, delayed, active };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const stop = async () => {
      const boss = await this.#boss?.catch(() => undefined);
      await boss?.stop({ graceful: false });
    };
    await endsInTime(stop());
  }

  async #open(): Promise<PgBoss> {
    if (this.#isClosed) throw new WorkflowError("STORE_CLOSED", "The dispatcher is closed.");
    // A server that was away may be back.
    this.#boss ??= openBoss({ ...this.#options, report: this.#report }).then(
      (boss) => {
        this.#isOpen = true;
        return boss;
      },
      (error: unknown) => {
        this.#boss = undefined;
        throw error;
      },
    );
    return this.#boss;
  }

  /** Serves a tick of a schedule, at the time that the schedule names. */
  async #tick(boss: PgBoss, { id, data }: Job<JobData>): Promise<Delivered & { data?: JobData }> {
    const { schedule = "", missed = "skip" } = data;
    const known = await boss.getSchedule(this.#options.queue, schedule);
    const [job] = await boss.findJobs(this.#options.queue, { id });
    if (known === null || job?.startedOn == null) return {};
    const lastBefore = (time: Date) => lastTick(ticksOf(boss, known.cron), known.timezone, time);
    const { createdOn, startedOn: now } = job;
    // A job does not say for which tick pg-boss has made it, but it is made within the minute of its tick.
    const kept = keptTime(data.dueAt);
    const dueAt = kept ?? lastBefore(createdOn);
    if (dueAt === undefined) return {};
    const lastDue = () => lastBefore(now);
    const { again } = await this.#ticks.take({
      schedule,
      dueAt,
      isAgain: kept !== undefined,
      now: now.getTime(),
      missed,
      lastDue,
    });
    // The job that delivers the tick again is made later, perhaps after the next tick.
    return again === undefined ? {} : { againInMs: again.inMs, data: { ...data, dueAt: again.dueAt } };
  }
}

/** Returns a function that lists the times of a cron expression as pg-boss computes them. */
function ticksOf(boss: PgBoss, cron: string): TicksAfter {
  return (query) => boss.previewSchedule(cron, query);
}
