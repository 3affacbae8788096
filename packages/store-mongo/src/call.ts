import { unavailable } from "@waymark/core/store";
import { endsWithin } from "@waymark/store-connection";
import type { BSONSerializeOptions, Db, Document } from "mongodb";
import { isPassing } from "./translate-error.ts";

/** One statement of an `update` command. */
export interface UpdateStatement {
  q: Document;
  u: Document | Document[];
  upsert?: boolean;
  /** True to change all documents that match, not only one. */
  multi?: boolean;
}

/** The result of an `update` or `delete` command. */
export interface WriteReply {
  /** The number of documents that statements matched or made. */
  n: number;
  /** True if a unique key was taken; an ordered command ends with that statement. */
  isTaken: boolean;
  /** True if the command was sent more than once, so that an earlier send may still be under way. */
  wasResent: boolean;
}

/** Options for writing and reading values, which override those of a borrowed client. */
const BSON: BSONSerializeOptions = {
  ignoreUndefined: true,
  // An expression that JavaScript does not accept would fail the whole read.
  bsonRegExp: true,
  promoteBuffers: false,
  promoteLongs: true,
  promoteValues: true,
  raw: false,
  useBigInt64: false,
};
/** Every command goes to the primary, even if a borrowed client prefers secondaries, which may lag behind. */
const PRIMARY = { ...BSON, readPreference: "primary" } as const;
const READ = { ...PRIMARY, readConcern: { level: "majority" } } as const;
/** The most times that a command is sent if its connection keeps breaking. */
const MAX_SENDS = 5;

/** The commands of one call of the store. */
export class Call {
  readonly #db: Db;
  readonly #timeoutMs: number;
  readonly #startedAt = performance.now();
  /** True once the call has run out of time. It sends nothing from then on. */
  isOver = false;

  constructor(db: Db, timeoutMs: number) {
    this.#db = db;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Waits for work that another process can do too, until half of the call's time is over.
   *
   * - Returns whether the work was done. If it fails, the call does not. If it takes longer, it continues beside the
   *   call.
   */
  async hasTimeFor(work: () => Promise<void>): Promise<boolean> {
    const leftMs = this.#startedAt + this.#timeoutMs / 2 - performance.now();
    return leftMs > 0 && endsWithin(work(), leftMs);
  }

  /** Sends statements as one command. They run in order; a key that is taken ends the command. */
  async update(collection: string, updates: readonly UpdateStatement[]): Promise<WriteReply> {
    return this.#write({ update: collection, updates, ordered: true });
  }

  /** Deletes all documents that the filters select, as one command. */
  async delete(collection: string, filters: readonly Document[]): Promise<WriteReply> {
    return this.#write({ delete: collection, deletes: filters.map((q) => ({ q, limit: 0 })), ordered: false });
  }

  /** Changes one document if it matches, and returns its new state. */
  async findAndUpdate<T>(collection: string, q: Document, u: Document[]): Promise<T | undefined> {
    const writeConcern = this.#writeConcern();
    const command = { findAndModify: collection, query: q, update: u, new: true, writeConcern };
    const { value, writeConcernError } = await this.command(command);
    if (writeConcernError !== undefined) throw toError(writeConcernError);
    return (value as T | null) ?? undefined;
  }

  /** Reads all documents that match, from the primary and without what a failover could take back. */
  async find<T>(
    collection: string,
    filter: Document,
    options: { sort?: Record<string, 1 | -1>; limit?: number; hint?: string; projection?: Document } = {},
  ): Promise<T[]> {
    const cursor = () => this.#db.collection(collection).find(filter, { ...READ, ...options });
    return this.#send(async () => (await cursor().toArray()) as T[]);
  }

  /** Reads the result of a pipeline, as `find` reads documents. */
  async aggregate<T>(collection: string, pipeline: Document[], options: { hint?: string } = {}): Promise<T[]> {
    const cursor = () => this.#db.collection(collection).aggregate(pipeline, { ...READ, ...options });
    return this.#send(async () => (await cursor().toArray()) as T[]);
  }

  /** Sends any other command. */
  async command(command: Document): Promise<Document> {
    return this.#send(() => this.#db.command(command, PRIMARY));
  }

  /** Reads the server's clock, in milliseconds since the epoch. */
  async now(): Promise<number> {
    const { localTime } = await this.command({ hello: 1 });
    return (localTime as Date).getTime();
  }

  async #write(command: Document): Promise<WriteReply> {
    const writeConcern = this.#writeConcern();
    let sends = 0;
    const reply = await this.#send(async () => {
      sends += 1;
      const answer = await this.#db.command({ ...command, writeConcern }, PRIMARY);
      const error = answer.writeErrors?.[0] ?? answer.writeConcernError;
      if (error === undefined || error.code === 11000) return answer;
      throw toError(error);
    });
    // Even if the key was taken, the write concern must be met: what was found must last, too.
    if (reply.writeConcernError !== undefined) throw toError(reply.writeConcernError);
    return {
      n: reply.n,
      isTaken: reply.writeErrors !== undefined && reply.writeErrors.length > 0,
      wasResent: sends > 1,
    };
  }

  #writeConcern() {
    return { w: "majority", j: true, wtimeout: this.#timeoutMs };
  }

  async #send<T>(work: () => Promise<T>): Promise<T> {
    for (let sends = 1; ; sends++) {
      if (this.isOver) throw unavailable("timeout", "The call ran out of time.");
      try {
        return await work();
      } catch (error) {
        if (sends === MAX_SENDS || !isPassing(error)) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** sends));
      }
    }
  }
}

function toError({ code, errmsg }: Document): Error {
  return Object.assign(new Error(errmsg), { code });
}
