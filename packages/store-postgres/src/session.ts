import { WorkflowError } from "@waymark/core";
import type { Database } from "./database.ts";
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

/** The store's database from the first call, which checks the tables, to `close`. */
export class Session {
  readonly #options: SessionOptions;
  #opening: Promise<Database> | undefined;
  #opened: Database | undefined;
  #ready: Database | undefined;
  #isClosed = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The database, once it is open and its tables have been checked; `undefined` before, and after `close`. */
  get ready(): Database | undefined {
    return this.#ready;
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

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ready = undefined;
    await this.#opening?.catch(() => {});
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.end();
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
