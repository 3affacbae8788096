import type { Clock } from "../clock.ts";
import { BoundedCache } from "../engine/bounded-cache.ts";
import type { FoundExecution } from "./projected-execution.ts";
import type { DeletedExecution, ProjectedExecution, ProjectionFailure } from "./projection-types.ts";

/** The executions that are followed at the same time, and those whose revision is remembered. */
const MAX_EXECUTIONS = 10_000;
/** The rest of an execution after a write is this many times as long as the write took, in this range of milliseconds. */
const REST_FACTOR = 4;
const [MIN_REST_MS, MAX_REST_MS] = [20, 5_000];
/** Milliseconds before a failed write is tried again: doubled with each failure. */
const [FIRST_RETRY_MS, MAX_RETRY_MS] = [1_000, 60_000];

export interface ProjectorParts {
  clock: Clock;
  concurrency: number;
  read: (executionId: string, written: string | undefined) => Promise<FoundExecution>;
  write: (row: ProjectedExecution) => unknown;
  remove: ((deleted: DeletedExecution) => unknown) | undefined;
  onFailure: (failure: ProjectionFailure) => void;
}

/** The work on one execution: a write, and the rest after it. */
interface Following {
  rested: Promise<void>;
  /** Another write after the rest, because the execution has changed meanwhile. */
  next?: Promise<boolean>;
}

/** An execution whose last write failed. */
interface Retry {
  failures: number;
  /** Present while it waits for the next try. */
  cancel?: (() => void) | undefined;
}

/**
 * Writes the newest state of executions to the table.
 *
 * - One state of an execution at a time, each read after the one before was written. Changes that come while one is
 *   written lead to one more write, so a fast run costs no more writes than the table can take.
 * - After a write an execution rests four times as long as it took, so that the reading of long histories leaves most of
 *   the process's time to the engine.
 * - A write that fails is tried again until it works or the projection stops.
 */
export class Projector {
  readonly #parts: ProjectorParts;
  readonly #following = new Map<string, Following>();
  readonly #retries = new Map<string, Retry>();
  readonly #written = new BoundedCache<string>(MAX_EXECUTIONS);
  readonly #rests = new Set<() => void>();
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #isStopped = false;
  #hasMissed = false;

  constructor(parts: ProjectorParts) {
    this.#parts = parts;
    this.#free = parts.concurrency;
  }

  /** True if a change was dropped since this was last asked, because too many came at once: a sweep has to find it. */
  takeMissed(): boolean {
    const hasMissed = this.#hasMissed;
    this.#hasMissed = false;
    return hasMissed;
  }

  /** The newest revision that the table is known to have. */
  writtenOf(executionId: string): string | undefined {
    return this.#written.get(executionId);
  }

  /** Notes a revision that the table has. */
  noteWritten(executionId: string, revision: string): void {
    const known = this.#written.get(executionId);
    if (known === undefined || known < revision) this.#written.set(executionId, revision);
  }

  /** The executions on which it works. */
  get underWay(): string[] {
    return [...this.#following.keys()];
  }

  /** Takes note of a change. */
  changed(executionId: string): void {
    // What waits for its next try will read the newest state then.
    if (this.#isStopped || this.#retries.get(executionId)?.cancel !== undefined) return;
    if (this.#following.size >= MAX_EXECUTIONS && !this.#following.has(executionId)) this.#hasMissed = true;
    else void this.project(executionId);
  }

  /** Writes the state that an execution has now; resolves to false if that failed. */
  project(executionId: string): Promise<boolean> {
    const following = this.#following.get(executionId);
    if (following === undefined) return this.#begin(executionId);
    following.next ??= following.rested.then(() => this.#begin(executionId));
    return following.next;
  }

  /** Ends rests and tries again nothing more; waits for what is under way, and writes what has changed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { cancel } of this.#retries.values()) cancel?.();
    for (const end of this.#rests) end();
    while (this.#following.size > 0) await Promise.all([...this.#following.values()].map(({ rested }) => rested));
  }

  #begin(executionId: string): Promise<boolean> {
    const { clock } = this.#parts;
    const written = this.#once(executionId);
    const following: Following = {
      rested: written.then(async ({ startedMs }) => {
        await this.#rest(clock.elapsed() - startedMs);
        if (following.next === undefined) this.#following.delete(executionId);
      }),
    };
    this.#following.set(executionId, following);
    return written.then(({ isWritten }) => isWritten);
  }

  async #once(executionId: string): Promise<{ isWritten: boolean; startedMs: number }> {
    const { clock, read, write, remove, onFailure } = this.#parts;
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const startedMs = clock.elapsed();
    try {
      const { row, isGone, unreadable } = await read(executionId, this.writtenOf(executionId));
      if (unreadable !== undefined) onFailure({ executionId, error: unreadable, failures: 1 });
      if (row !== undefined) {
        // Read before: the row is the application's now.
        const { revision } = row;
        await write(row);
        this.noteWritten(executionId, revision);
      }
      if (isGone && remove !== undefined) {
        const revision = this.writtenOf(executionId);
        await remove({ executionId, ...(revision === undefined ? {} : { revision }) });
        this.#written.delete(executionId);
      }
      this.#retries.get(executionId)?.cancel?.();
      this.#retries.delete(executionId);
      return { isWritten: true, startedMs };
    } catch (error) {
      this.#failed(executionId, error);
      return { isWritten: false, startedMs };
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #failed(executionId: string, error: unknown): void {
    const { clock, onFailure } = this.#parts;
    const before = this.#retries.get(executionId);
    before?.cancel?.();
    const failures = (before?.failures ?? 0) + 1;
    const hasRoom = before !== undefined || this.#retries.size < MAX_EXECUTIONS;
    if (!hasRoom) this.#hasMissed = true;
    if (!hasRoom || this.#isStopped) {
      onFailure({ executionId, error, failures });
      return;
    }
    const retryInMs = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
    const retry: Retry = { failures };
    retry.cancel = clock.schedule(retryInMs, () => {
      retry.cancel = undefined;
      void this.project(executionId);
    });
    this.#retries.set(executionId, retry);
    onFailure({ executionId, error, failures, retryInMs });
  }

  async #rest(tookMs: number): Promise<void> {
    if (this.#isStopped) return;
    const restMs = Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, REST_FACTOR * tookMs));
    let end = (): void => undefined;
    let cancel = end;
    await new Promise<void>((resolve) => {
      end = resolve;
      this.#rests.add(end);
      cancel = this.#parts.clock.schedule(restMs, resolve);
    });
    cancel();
    this.#rests.delete(end);
  }
}
