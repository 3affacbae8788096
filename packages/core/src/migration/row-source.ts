import { types } from "node:util";
import type { Clock } from "../clock.ts";
import { tell } from "../tell.ts";
import { withinTime } from "./within-time.ts";

/** The longest wait for a source to clean up after itself, in milliseconds. */
const LEAVE_MS = 1_000;

type Iterators = { next(): unknown; return?(): unknown };

/** Takes rows from an iterable, one at a time, and can leave it while it hangs. */
export class RowSource {
  readonly #iterator: Iterators;
  readonly #clock: Clock;
  #state: "between" | "waiting" | "ended" = "between";
  #isStopped = false;
  #wasStopped = false;
  /** Ends the wait for the present row. */
  #endWait = (): void => undefined;

  constructor(rows: AsyncIterable<unknown> | Iterable<unknown>, clock: Clock) {
    this.#iterator = (
      Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]()
    ) as Iterators;
    this.#clock = clock;
  }

  /** True if it was stopped before its end. */
  get wasStopped(): boolean {
    return this.#wasStopped;
  }

  /** Takes no further row, and ends the wait for the present one. */
  stop(): void {
    this.#isStopped = true;
    this.#endWait();
  }

  /** Takes a row; `undefined` at the end and once it is stopped. @throws what the source throws */
  async next(): Promise<{ row: unknown } | undefined> {
    const found = this.#isStopped ? undefined : await this.#result();
    if (found === undefined) {
      this.#wasStopped = true;
      return undefined;
    }
    if (found.done === true) {
      this.#state = "ended";
      return undefined;
    }
    // Only a promise is waited for: a row may be anything.
    return { row: types.isPromise(found.value) ? await found.value : found.value };
  }

  /** Lets the source clean up, if it has not ended: without a wait if it hangs. Never throws. */
  async leave(): Promise<void> {
    if (this.#state === "ended") return;
    const isHanging = this.#state === "waiting";
    this.#state = "ended";
    if (isHanging) {
      tell(() => this.#iterator.return?.(), undefined);
      return;
    }
    const late = () => new Error("The source did not end in time.");
    await withinTime({ clock: this.#clock, ms: LEAVE_MS, late }, () => this.#iterator.return?.()).catch(
      () => undefined,
    );
  }

  /** `undefined` if it was stopped meanwhile. A source that throws has ended. */
  #result(): Promise<IteratorResult<unknown> | undefined> {
    this.#state = "waiting";
    // Not by Promise.race: a promise that lasts as long as the import would keep every row's.
    return new Promise((resolve, reject) => {
      this.#endWait = () => resolve(undefined);
      (async () => (await this.#iterator.next()) as IteratorResult<unknown>)().then(
        (result) => {
          if (this.#state === "waiting") this.#state = "between";
          resolve(this.#isStopped ? undefined : result);
        },
        (error) => {
          this.#state = "ended";
          reject(error);
        },
      );
    });
  }
}
