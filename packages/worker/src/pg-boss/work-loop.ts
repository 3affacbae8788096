import type { Delivered } from "@waymark/core";
import type { FetchOptions, Job, JobAttempt, JobInsert, PgBoss } from "pg-boss";
import { Batcher } from "../batcher.ts";
import { FAILED_AGAIN_MS, MAX_DELAY_MS } from "../deliveries.ts";

/** The longest that free places wait for others to become free, in milliseconds, so that one query serves several. */
const GATHER_MS = 50;
/** The longest that the end of a job waits for the ends of others, in milliseconds. */
const SETTLE_MS = 50;

/** The data of a job: an execution, or a tick of a schedule. */
export interface JobData {
  id?: string;
  /** True if the job was added with `atMostEveryMs`: when it is done, it keeps others of its execution out. */
  isKept?: true;
  schedule?: string;
  /** When the tick was due, in milliseconds since the epoch, once a process has found that out. */
  dueAt?: number;
  missed?: "skip" | "once";
}

interface LoopParts {
  boss: PgBoss;
  queue: string;
  concurrency: number;
  tenantConcurrency: number | undefined;
  pollIntervalMs: number;
  /** Milliseconds between two signs of life. */
  touchEveryMs: number;
  signal: AbortSignal;
  handle: (job: Job<JobData>) => Promise<Delivered & { data?: JobData }>;
  report: (error: unknown) => void;
}

/**
 * Takes jobs from pg-boss as places become free, and settles them in batches.
 *
 * - pg-boss' own `work` waits for the slowest job of a batch before it takes the next one.
 */
export class WorkLoop {
  readonly #parts: LoopParts;
  /** The jobs that are delivered or not settled yet. */
  readonly #held = new Map<string, JobAttempt>();
  readonly #deliveries = new Set<Promise<unknown>>();
  /** True if the queue may have more jobs than the last query gave. */
  #mayHaveMore = true;
  readonly #done: Batcher<JobAttempt>;
  readonly #gone: Batcher<JobAttempt>;
  readonly #again: Batcher<JobInsert<JobData>>;
  #wake: (() => void) | undefined;
  #mayRest = true;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    const { boss, queue, tenantConcurrency } = parts;
    // Until it is settled, a job counts for its tenant.
    const gathering = { gatherMs: tenantConcurrency === undefined ? SETTLE_MS : 0 };
    this.#done = new Batcher(async (attempts) => void (await boss.complete(queue, attempts)), gathering);
    this.#gone = new Batcher(async (attempts) => void (await boss.deleteJob(queue, attempts)), gathering);
    this.#again = new Batcher(async (jobs) => void (await boss.insert(queue, jobs)));
  }

  /** The deliveries in flight. */
  get deliveries(): ReadonlySet<Promise<unknown>> {
    return this.#deliveries;
  }

  /** Looks at once: this process has added a job. */
  wake(): void {
    this.#mayRest = false;
    this.#wake?.();
  }

  async run(): Promise<void> {
    const { signal } = this.#parts;
    const stop = (): void => this.wake();
    signal.addEventListener("abort", stop);
    const touching = setInterval(() => void this.#touch(), this.#parts.touchEveryMs);
    try {
      while (!signal.aborted) await this.#turn();
      while (this.#held.size > 0) await this.#rest(undefined);
    } finally {
      clearInterval(touching);
      signal.removeEventListener("abort", stop);
    }
  }

  async #turn(): Promise<void> {
    const { pollIntervalMs, tenantConcurrency } = this.#parts;
    if (this.#free === 0) return this.#rest(undefined);
    await this.#gather();
    const free = this.#free;
    this.#mayRest = true;
    const jobs = await this.#fetch(free);
    for (const job of jobs) void this.#deliver({ ...job, data: job.data ?? {} });
    // A queue that gave less than it was asked for is empty, for now. With a limit per tenant, the jobs of one that was at
    // its limit only now may hide those of others: the next query passes them over.
    const mayHide = tenantConcurrency !== undefined && jobs.length > 0;
    this.#mayHaveMore = jobs.length === free || mayHide;
    if (!this.#mayHaveMore && this.#mayRest) await this.#rest(pollIntervalMs);
  }

  get #free(): number {
    return this.#parts.concurrency - this.#deliveries.size;
  }

  /** Waits until half of the places are free, or for a moment. */
  async #gather(): Promise<void> {
    const { concurrency, signal } = this.#parts;
    const end = performance.now() + GATHER_MS;
    for (let leftMs = GATHER_MS; leftMs > 0 && 2 * this.#free < concurrency && !signal.aborted; ) {
      await this.#rest(leftMs);
      leftMs = end - performance.now();
    }
  }

  /** The data of a job that somebody has added by hand may be missing. */
  async #fetch(batchSize: number): Promise<Job<JobData | null>[]> {
    const { boss, queue, tenantConcurrency: groupConcurrency, report } = this.#parts;
    const options: FetchOptions = { batchSize, ...(groupConcurrency === undefined ? {} : { groupConcurrency }) };
    try {
      return await boss.fetch<JobData | null>(queue, options);
    } catch (error) {
      report(error);
      return [];
    }
  }

  async #deliver(job: Job<JobData>): Promise<void> {
    const { handle, report, signal, tenantConcurrency } = this.#parts;
    const attempt: JobAttempt = { id: job.id, retryCount: job.retryCount };
    this.#held.set(job.id, attempt);
    const delivery = handle(job).catch((error: unknown): Delivered & { data?: JobData } => {
      report(error);
      return { againInMs: FAILED_AGAIN_MS };
    });
    this.#deliveries.add(delivery);
    const { againInMs, data = job.data } = await delivery;
    this.#deliveries.delete(delivery);
    if (this.#mayHaveMore) this.#wake?.();
    try {
      // Before the end of this job: if the process dies in between, there are two jobs and not none.
      if (againInMs !== undefined) await this.#again.add({ ...placeOf(againInMs, job.groupId), data });
      await (isRemoved(job.data) ? this.#gone : this.#done).add(attempt);
    } catch (error) {
      // The job stays as it is. Without signs of life it is delivered again.
      report(error);
    } finally {
      this.#held.delete(job.id);
      // Another job of its tenant may be delivered now.
      if (signal.aborted || tenantConcurrency !== undefined) this.#wake?.();
    }
  }

  async #touch(): Promise<void> {
    const { boss, queue, report } = this.#parts;
    if (this.#held.size > 0) await boss.touch(queue, [...this.#held.values()]).catch(report);
  }

  /** Waits until something happens, or for a while. */
  async #rest(ms: number | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }
}

/**
 * Returns true if a job is removed when it is done, which costs the database less than a completed one that it keeps. The
 * jobs of ticks and sweeps stay: by them the queue knows that another one is the same.
 */
function isRemoved({ id, isKept }: JobData): boolean {
  return id !== undefined && isKept !== true;
}

/** Returns the time and the tenant of a new job. */
export function placeOf(delayMs: number, tenant: string | null | undefined): Pick<JobInsert, "startAfter" | "group"> {
  return {
    // By the database's clock, as an interval.
    ...(delayMs > 0 ? { startAfter: `${Math.ceil(Math.min(delayMs, MAX_DELAY_MS)) / 1_000} seconds` } : {}),
    ...(typeof tenant === "string" ? { group: { id: tenant } } : {}),
  };
}
