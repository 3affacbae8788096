import type { PGliteInterface } from "@electric-sql/pglite";

/** A PGlite for {@link PGliteTurn}. One in a worker has no method that returns whether it is in a transaction. */
type PGlite = PGliteInterface & { isInTransaction?(): boolean };

/** The longest pause between two checks whether the application's transaction has ended, in milliseconds. */
const MAX_PAUSE_MS = 10;
/** A Sync message. The server answers with ReadyForQuery, whose last byte is the state of the transaction. */
const SYNC = Buffer.from("S\0\0\0\x04", "latin1");
export const IDLE = "I".charCodeAt(0);

// Taken once, so that fake timers of a test do not hold the store up.
const { setTimeout: startTimer } = globalThis;

/**
 * The store's turn on a PGlite that it shares with the application.
 *
 * - While the application has a transaction open, however it was begun, the store sends nothing. It polls, and holds
 *   none of PGlite's locks in between, so the application's statements are not held up.
 */
export class PGliteTurn {
  readonly #pglite: PGlite;
  /** The number of calls that wait for a turn. */
  #waiting = 0;

  constructor(pglite: PGliteInterface) {
    this.#pglite = pglite;
  }

  /** True if a call waits for the application's transaction to end. */
  get isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /**
   * Sends a message once no transaction is open.
   *
   * - Resolves with the answer and with a function that ends the turn. Until then, PGlite's other users wait.
   * - Resolves with `undefined` if `isGivenUp` has returned true meanwhile.
   */
  async take(
    message: Uint8Array,
    isGivenUp: () => boolean,
  ): Promise<{ answer: Uint8Array; end: () => void } | undefined> {
    await this.#pglite.waitReady;
    this.#waiting += 1;
    try {
      for (let pause = 1; !isGivenUp(); pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
        const end = await this.#lock();
        try {
          const answer = isGivenUp() ? undefined : await this.#sendIfIdle(message);
          if (answer !== undefined) return { answer, end };
          end();
        } catch (error) {
          end();
          throw error;
        }
        await new Promise<void>((resolve) => startTimer(resolve, pause));
      }
      return undefined;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Sends a message in a turn that was taken. */
  send(message: Uint8Array): Promise<Uint8Array> {
    return this.#pglite.runExclusive(() => this.#pglite.execProtocolRaw(message));
  }

  #sendIfIdle(message: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#pglite.runExclusive(async () => {
      if (this.#pglite.closed) throw new Error("PGlite is closed");
      // The method answers at once, so that no statement that takes no lock comes in between.
      const isInTransaction =
        this.#pglite.isInTransaction?.() ??
        (await this.#pglite.execProtocolRaw(SYNC, { syncToFs: false })).at(-1) !== IDLE;
      return isInTransaction ? undefined : this.#pglite.execProtocolRaw(message);
    });
  }

  /** The lock that PGlite's own transactions and statements take. */
  #lock(): Promise<() => void> {
    return new Promise((resolve, reject) => {
      this.#pglite._runExclusiveTransaction(() => new Promise<void>((unlock) => resolve(unlock))).catch(reject);
    });
  }
}
