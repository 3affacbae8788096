import type { Clock } from "../clock.ts";

/** How long work that has begun is waited for by calls that come later, in milliseconds. */
const SHARED_FOR_MS = 1_000;

/**
 * Work that is under way, by its key: calls that come together do it once.
 *
 * - Work that takes longer is done again by later calls: a lookup that never settles must not hold up all of them.
 */
export class SharedWork {
  readonly #clock: Clock;
  /** In the order in which it began. */
  readonly #underWay = new Map<unknown, { startedMs: number; work: Promise<unknown> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins work, unless the same is under way already. The same key always means work of the same type. */
  async once<T>(key: unknown, begin: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.elapsed();
    for (const [each, begun] of this.#underWay) {
      if (startedMs - begun.startedMs < SHARED_FOR_MS) break;
      this.#underWay.delete(each);
    }
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay.work as Promise<T>;
    const own = { startedMs, work: begin() };
    this.#underWay.set(key, own);
    try {
      return await own.work;
    } finally {
      if (this.#underWay.get(key) === own) this.#underWay.delete(key);
    }
  }
}
