import { storeClosed, unavailable } from "@waymark/core/store";
import { within } from "@waymark/store-connection";
import type { Db, MongoClient } from "mongodb";
import { Call } from "./call.ts";
import { causeOf, translateError } from "./translate-error.ts";

/** The database of a store. It runs calls, each within a time limit. */
export class MongoDatabase {
  readonly #client: MongoClient;
  readonly #db: Db;
  readonly #isOwned: boolean;
  readonly #timeoutMs: number;
  #isClosed = false;

  constructor(options: { client: MongoClient; database: string | undefined; isOwned: boolean; timeoutMs: number }) {
    this.#client = options.client;
    this.#db = options.client.db(options.database);
    this.#isOwned = options.isOwned;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Runs `work` within the time limit of a call. Nothing is sent after that. */
  async run<T>(work: (call: Call) => Promise<T>): Promise<T> {
    const call = new Call(this.#db, this.#timeoutMs);
    try {
      return await within(work(call), this.#timeoutMs, () => {
        call.isOver = true;
        return unavailable("timeout", `MongoDB did not answer within ${this.#timeoutMs} ms.`);
      });
    } catch (error) {
      throw this.#isClosed && this.#isOwned ? storeClosed(causeOf(error)) : translateError(error);
    }
  }

  /** Ends the connections if the store has opened them. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#isOwned) await this.#client.close();
  }
}
