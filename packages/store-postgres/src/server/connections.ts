import { setTimeout as sleep } from "node:timers/promises";
import type { WorkflowError } from "@waymark/core";
import { unavailable } from "@waymark/core/store";
import { endsWithin, within } from "@waymark/store-connection";
import type { Pool, PoolClient } from "pg";
import { isInTransaction } from "./pg-client.ts";
import { translateError } from "./translate-error.ts";

/** Milliseconds for which a connection stays aside before it goes back to the pool. */
const ASIDE_MS = 1_000;
const END_TIMEOUT_MS = 5_000;
/** The longest pause between two searches for a connection that is in no transaction, in milliseconds. */
const MAX_PAUSE_MS = 50;

/**
 * The connections of a pool.
 *
 * - A connection of the store's own pool stays aside for the next statement: giving it back and taking it again costs a
 *   commit as much as all the other work of the store. A borrowed pool gets each connection back at once, since others
 *   may wait for it.
 */
export class Connections {
  readonly #pool: Pool;
  readonly #isOwned: boolean;
  #aside: PoolClient[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;

  constructor(pool: Pool, isOwned: boolean) {
    this.#pool = pool;
    this.#isOwned = isOwned;
    // Idle connections that die are replaced. Without a listener, the event would end the process.
    if (isOwned) pool.on("error", ignore);
    // From the start, because a server that shuts down can end a connection with the packet that opens it.
    pool.on("connect", listen);
  }

  /** Returns a connection that was set aside, if there is one. */
  takeAside(): PoolClient | undefined {
    return this.#aside.pop();
  }

  /**
   * Takes a connection of the pool before the deadline.
   *
   * - A connection of a borrowed pool is in no transaction. If the application has released one without ending its
   *   transaction, it goes back unchanged.
   */
  async take(deadline: number): Promise<PoolClient> {
    if (this.#isOwned) return this.#takeAny(deadline);
    for (let pause = 1; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      const client = await this.#takeIdle(deadline);
      if (client !== undefined) return client;
      if (performance.now() + pause >= deadline) throw transactionOpen();
      await sleep(pause);
    }
  }

  /** Tries each connection that is available. Returns `undefined` if all of them are in a transaction. */
  async #takeIdle(deadline: number): Promise<PoolClient | undefined> {
    const busy: PoolClient[] = [];
    try {
      do {
        const client = await this.#takeAny(deadline);
        if (isInTransaction(client) !== true) return client;
        busy.push(client);
      } while (this.#pool.idleCount > 0 || this.#pool.totalCount < (this.#pool.options?.max ?? 0));
      return undefined;
    } finally {
      for (const client of busy) client.release();
    }
  }

  /** Takes any connection, within a time limit: a borrowed pool may have no limit of its own. */
  async #takeAny(deadline: number): Promise<PoolClient> {
    const isIdle = this.#pool.idleCount > 0 && this.#pool.waitingCount === 0;
    const connecting = this.#connect();
    // An idle connection needs no timer, whose cost every commit would show. A borrowed pool does: the application can
    // end it meanwhile, and then it never answers.
    if (isIdle && this.#isOwned) return connecting.then(listening, rejectTranslated);
    const tooLate = () => new Error("timeout exceeded when trying to connect");
    try {
      return listening(await within(connecting, deadline - performance.now(), tooLate));
    } catch (error) {
      connecting.then(
        (client) => client.release(),
        () => {},
      );
      throw translateError(error);
    }
  }

  /** Sets a connection aside for the next statement, or gives it back to the pool. */
  giveBack(client: PoolClient): void {
    if (!this.#isOwned || this.#isEnding || this.#pool.waitingCount > 0) {
      client.release();
      return;
    }
    this.#aside.push(client);
    this.#timer ??= setTimeout(() => this.#releaseAside(), ASIDE_MS);
  }

  /** Ends what is owned. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#releaseAside();
    this.#pool.removeListener("connect", listen);
    if (!this.#isOwned || this.#pool.ending) return;
    // A peer that has gone silent does not acknowledge a goodbye either.
    await endsWithin(this.#pool.end(), END_TIMEOUT_MS);
  }

  /** Asks the pool for a connection. The pool throws if it cannot make a client of its configuration. */
  #connect(): Promise<PoolClient> {
    try {
      return this.#pool.connect();
    } catch (error) {
      throw translateError(error);
    }
  }

  #releaseAside(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const client of this.#aside.splice(0)) client.release();
  }
}

function ignore(): void {}

function transactionOpen(): WorkflowError {
  return unavailable(
    "timeout",
    "Every available connection of the pool is in a transaction. End a transaction before you release its connection.",
  );
}

/** Listens to errors of a connection, which would end the process. The next statement on it reports its end. */
function listen(client: PoolClient): void {
  if (!client.listeners("error").includes(ignore)) client.on("error", ignore);
}

function listening(client: PoolClient): PoolClient {
  listen(client);
  return client;
}

function rejectTranslated(error: unknown): never {
  throw translateError(error);
}
