import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../clock.ts";

/** Milliseconds of nodes that never wait, after which timers and sockets get their turn. */
const YIELD_AFTER_MS = 20;

/** Lets timers and sockets have their turn while nodes run that never wait. */
export class Turns {
  readonly #clock: Clock;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.elapsed();
  }

  /** True if the others have waited long enough. Asked apart from {@link yield}, which costs a turn. */
  get isLong(): boolean {
    return this.#clock.elapsed() - this.#sinceMs > YIELD_AFTER_MS;
  }

  async yield(): Promise<void> {
    await nextTurn();
    this.#sinceMs = this.#clock.elapsed();
  }
}
