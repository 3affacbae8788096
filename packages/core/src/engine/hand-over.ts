import type { Clock } from "../clock.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import { BoundedCache } from "./bounded-cache.ts";
import type { Hint } from "./engine-parts.ts";
import { wantsToRunInMs } from "./recoverable.ts";

/** Milliseconds for which an execution that was given to the queue is not given again. */
const PAUSE_MS = 60_000;
/** The most executions that are remembered as given. The queue itself drops repetitions, too. */
const MAX_GIVEN = 10_000;

/** Gives the executions that the queue has lost to the queue again. */
export class HandOver {
  readonly #parts: { hint: Hint; clock: Clock; graceMs: number };
  /** When each may be given again, in milliseconds by the monotonic clock. */
  readonly #given = new BoundedCache<number>(MAX_GIVEN);

  /** `graceMs`: what is due for less time than that, the queue may still have. */
  constructor(parts: { hint: Hint; clock: Clock; graceMs: number }) {
    this.#parts = parts;
  }

  /** Returns true if the queue seems to have lost the execution, and it was not given to it lately. */
  isLost(head: ExecutionRecord): boolean {
    const { clock, graceMs } = this.#parts;
    return (wantsToRunInMs(head) ?? 0) <= -graceMs && (this.#given.get(head.id) ?? 0) <= clock.elapsed();
  }

  /** Resolves to false if the queue does not take it. */
  async give({ id, userId }: ExecutionRecord): Promise<boolean> {
    const { hint, clock } = this.#parts;
    const isTaken = await hint(id, { tenant: userId, atMostEveryMs: PAUSE_MS });
    if (!isTaken) return false;
    this.#given.set(id, clock.elapsed() + PAUSE_MS);
    return true;
  }
}
