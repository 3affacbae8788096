import { setTimeout as sleep } from "node:timers/promises";
import type { WorkflowError } from "@waymark/core";
import { unavailable } from "@waymark/core/store";
import { endsWithin, within } from "@waymark/store-connection";
import type { Pool, PoolClient } from "pg";
import { isInTransaction } from "./pg-client.ts";
import { translateError } from "./translate-error.ts";

/** How long a connection stays aside before the pool has it again, in milliseconds. */
const ASIDE_MS = 1_000;
const END_TIMEOUT_MS = 5_000;
/** The longest pause between two looks for a connection that is in no transaction, in milliseconds. */
const MAX_PAUSE_MS = 50;

/**
 * The connections of a pool.
 *
 * - Of a pool of the store's own, those that are done with stay aside for the next statement: to hand one back and to
 *   take it again costs a commit as much as all else that the store does for it. A pool that the application has gets
 *   each back at once, since others wait for it.
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
    // Idle connections that die are replaced; nobody listening would end the process.
    if (isOwned) pool.on("error", ignore);
    // From the start: a server that is going down can end a connection with the very packet that opens it.
    pool.on("connect", listen);
  }

  /** One that can be had at once. */
  takeAside(): PoolClient | undefined {
    return this.#aside.pop();
  }

  /**
   * One of the pool's, within the time that is left.
   *
   * - Of an application's pool, one that is in no transaction: one that the application has given back without ending
   *   its transaction goes back as it was.
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

  /** Looks at each connection that can be had at once; `undefined` if all of them are in a transaction. */
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

  /** A borrowed pool may have no limit of its own to waiting for a connection. */
  async #takeAny(deadline: number): Promise<PoolClient> {
    const isIdle = this.#pool.idleCount > 0 && this.#pool.waitingCount === 0;
    const connecting = this.#connect();
    // Had at once: no timer, which on the way of every commit would show. An application can end its pool meanwhile,
    // which then answers nobody.
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

  /** Gives back one that the next statement may use. */
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

  /** A pool throws where a client cannot be made of its configuration. */
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
    "Every connection of the pool that can be had is in a transaction. Whoever gives a connection back must end its transaction before.",
  );
}

/** A connection's end is heard by the next statement on it; an event that nobody listens to would end the process. */
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
