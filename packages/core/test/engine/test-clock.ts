import type { Clock } from "../../src/index.ts";

/** A clock that stands still until it is told to move; what is due by then is called, in the order of time. */
export class TestClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  readonly #timers = new Map<number, { atMs: number; callback: () => void }>();
  #lastTimer = 0;

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = ++this.#lastTimer;
    this.#timers.set(timer, { atMs: this.#nowMs + delayMs, callback });
    return () => this.#timers.delete(timer);
  }

  /** How far away the next callback is; `undefined` where none is waited for. */
  get nextMs(): number | undefined {
    const times = [...this.#timers.values()].map(({ atMs }) => atMs - this.#nowMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = [...this.#timers]
        .filter(([, { atMs }]) => atMs <= untilMs)
        .sort(([, a], [, b]) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      const [timer, { atMs, callback }] = due;
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, atMs);
      callback();
    }
    this.#nowMs = untilMs;
  }
}

/** Lets everything that waits for promises only go on, until nothing does. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits, a turn of the event loop at a time, for something that happens without a timer. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
