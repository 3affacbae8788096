import type { Clock } from "../clock.ts";

/**
 * A clock that stands still until it is told to move, for tests of waits, timeouts and leases without waiting.
 *
 * - Give it to the engine as `clock`; MemoryCheckpointStore takes the same one, and its leases follow it.
 * - `setNow` corrects the wall clock, as a machine's time service does: no timer fires, no time has elapsed.
 * - `schedule` never calls back by itself: only {@link advance} does, in the order of time.
 *
 * @example
 * ```ts
 * const clock = new ManualClock();
 * const store = new MemoryCheckpointStore({ clock });
 * const { executeWorkflow } = createWorkflowEngine({ store, clock, workflows, executors });
 * const run = executeWorkflow({ workflowId: "w1", userId: "u1", timeoutMs: 30_000 });
 * await clock.advanceToNext(); // the node hangs: on to the timeout
 * ```
 */
export class ManualClock implements Clock {
  readonly #timers = new Map<number, { atMs: number; callback: () => void }>();
  #nowMs: number;
  #elapsedMs = 0;
  #lastTimer = 0;

  /** `startMs`: milliseconds since the epoch. Default: 2026-01-01T00:00:00Z. */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  /** Corrects the wall clock, forwards or back. `ms`: milliseconds since the epoch. */
  setNow(ms: number): void {
    this.#nowMs = ms;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = ++this.#lastTimer;
    this.#timers.set(timer, { atMs: this.#elapsedMs + Math.max(0, delayMs), callback });
    return () => this.#timers.delete(timer);
  }

  /** Milliseconds until the next callback; `undefined` where none is scheduled. */
  get nextMs(): number | undefined {
    const first = this.#next();
    return first === undefined ? undefined : first[1].atMs - this.#elapsedMs;
  }

  /** Moves on by so many milliseconds, and calls back what is due by then. */
  advance(ms: number): void {
    const untilMs = this.#elapsedMs + ms;
    for (let next = this.#next(); next !== undefined && next[1].atMs <= untilMs; next = this.#next()) {
      const [timer, { atMs, callback }] = next;
      this.#timers.delete(timer);
      this.#pass(atMs - this.#elapsedMs);
      callback();
    }
    this.#pass(untilMs - this.#elapsedMs);
  }

  /**
   * Waits until something is scheduled, moves on to it and calls it back.
   *
   * - Waits by turns of the event loop, so that what is under way can get to where it waits for the clock.
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
