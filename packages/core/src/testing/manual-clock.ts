import type { Clock } from "../clock.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";

/**
 * A clock that moves only when a test advances it. Use it to test waits, timeouts and leases without waiting.
 *
 * - Pass it to the engine as `clock`. MemoryCheckpointStore takes the same clock, and its leases follow it.
 * - `setNow` corrects the wall clock, as a machine's time service does: no timer fires, and no time elapses.
 * - Scheduled callbacks are called by {@link advance} only, in the order of their times.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const store = new MemoryCheckpointStore({ clock });
 * const { executeWorkflow } = createWorkflowEngine({ store, clock, workflows, executors });
 * const run = executeWorkflow({ workflowId: "w1", userId: "u1", timeoutMs: 30_000 });
 * await clock.advanceToNext(); // the node hangs: advance to the timeout
 * ```
 */
export class ManualClock implements Clock {
  readonly #timers = new Map<number, { atMs: number; callback: () => void }>();
  #nowMs: number;
  #elapsedMs = 0;
  #lastTimer = 0;

  /**
   * @param startMs The first time of the wall clock, in milliseconds since the epoch. Default: 2026-01-01T00:00:00Z.
   * @throws {WorkflowError} INVALID_ARGUMENT
   */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = checked("new ManualClock", startMs);
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  /** Sets the wall clock, forwards or back, to `ms` milliseconds since the epoch. */
  setNow(ms: number): void {
    this.#nowMs = checked("setNow", ms);
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = ++this.#lastTimer;
    this.#timers.set(timer, { atMs: this.#elapsedMs + Math.max(0, delayMs), callback });
    return () => this.#timers.delete(timer);
  }

  /** Milliseconds until the next callback; `undefined` if none is scheduled. */
  get nextMs(): number | undefined {
    const first = this.#next();
    return first === undefined ? undefined : first[1].atMs - this.#elapsedMs;
  }

  /** Advances by `ms` milliseconds, and calls all callbacks that are due by then. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + checked("advance", ms);
    for (let next = this.#next(); next !== undefined && next[1].atMs <= untilMs; next = this.#next()) {
      const [timer, { atMs, callback }] = next;
      this.#timers.delete(timer);
      this.#pass(atMs - this.#elapsedMs);
      callback();
    }
    this.#pass(untilMs - this.#elapsedMs);
  }

  /**
   * Waits until a callback is scheduled, advances to its time and calls it.
   *
   * - It waits in turns of the event loop, so that work in progress can reach the point at which it waits for the
   *   clock.
   */
  async advanceToNext(): Promise<void> {
    while (this.nextMs === undefined) await new Promise((resolve) => setImmediate(resolve));
    this.advance(this.nextMs ?? 0);
  }

  #pass(ms: number): void {
    this.#elapsedMs += ms;
    this.#nowMs += ms;
  }

  #next(): [number, { atMs: number; callback: () => void }] | undefined {
    let first: [number, { atMs: number; callback: () => void }] | undefined;
    for (const entry of this.#timers) if (first === undefined || entry[1].atMs < first[1].atMs) first = entry;
    return first;
  }
}

/** Returns a number of milliseconds that a test has given. @throws {WorkflowError} INVALID_ARGUMENT */
function checked(call: string, ms: number): number {
  if (Number.isFinite(ms)) return ms;
  throw new WorkflowError("INVALID_ARGUMENT", `${call}: ${mustBe("a number of milliseconds", ms)}.`);
}
