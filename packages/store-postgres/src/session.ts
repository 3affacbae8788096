import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowError } from "@waymark/core";
import type { Database, Result, RunOptions, Statement } from "./database.ts";
import { prepareSchema } from "./prepare-schema.ts";
import type { TableNames } from "./table-names.ts";

/** How a {@link Session} gets its database. */
export interface SessionOptions {
  names: TableNames;
  migrate: boolean;
  open(): Promise<Database>;
  /** Where to migrate, if that is not the same. */
  openForMigration(): Promise<Database | undefined>;
}

/** How long `close` waits for calls that are under way, in milliseconds. */
const DRAIN_TIMEOUT_MS = 5_000;

/** The store's database from the first call, which checks the tables, to `close`. */
export class Session {
  readonly #options: SessionOptions;
  #opening: Promise<Database> | undefined;
  #opened: Database | undefined;
  #ready: Database | undefined;
  #isClosed = false;
  #inFlight = 0;
  #onIdle = () => {};

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Runs a statement, after the tables have been checked. */
  async run(statement: Statement, values: readonly unknown[], options?: RunOptions): Promise<Result> {
    this.#inFlight++;
    try {
      const database = this.#ready ?? (await this.database());
      return await database.run(statement, values, options);
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) this.#onIdle();
    }
  }

  /** Opens the database and checks the tables, once; again after a failure. @throws {WorkflowError} STORE_CLOSED */
  async database(): Promise<Database> {
    if (this.#isClosed) throw closed();
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Lets calls that are under way come to their end, refuses new ones, and ends what is owned. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ready = undefined;
    await this.#opening?.catch(() => {});
    if (this.#inFlight > 0) await this.#idle();
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.end();
  }

  async #idle(): Promise<void> {
    const timeout = new AbortController();
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    const tooLong = sleep(DRAIN_TIMEOUT_MS, undefined, { signal: timeout.signal }).catch(() => {});
    await Promise.race([idle, tooLong]);
    timeout.abort();
  }

  async #open(): Promise<Database> {
    this.#opened ??= await this.#options.open();
    const database = this.#opened;
    const { names, migrate } = this.#options;
    const migrationDatabase = migrate ? await this.#options.openForMigration() : undefined;
    try {
      await prepareSchema({ database, names, migrate, migrationDatabase });
    } finally {
      await migrationDatabase?.end();
    }
    if (this.#isClosed) throw closed();
    this.#ready = database;
    return database;
  }
}

function closed(): WorkflowError {
  return new WorkflowError("STORE_CLOSED", "The store was closed.");
}
