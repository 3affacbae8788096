import { checkAddress, checkObject, invalidArgument } from "@waymark/core/store";
import { checkFlag, checkOptions, checkPositive, checkTimeout, withoutUndefined } from "@waymark/store-connection";
import type { PoolConfig } from "pg";
import type { TableLocation } from "./sql/table-names.ts";

/**
 * Options of every way to open the store.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#ways-to-open-it
 */
export interface PostgresStoreOptions extends TableLocation {
  /**
   * True to bring the tables up to date when the store is opened. Default: true.
   *
   * - If false, the store checks the version, and its error names the migrations that are missing.
   */
  migrate?: boolean;
  /**
   * True to prepare statements once per connection. Default: true.
   *
   * - Set it to false behind a pooler that assigns connections by transaction (PgBouncer, Supavisor, RDS Proxy).
   */
  prepare?: boolean;
  /**
   * Milliseconds after which a call rejects with STORE_UNAVAILABLE, including the wait for a connection, 1 to
   * 2,147,483,647. Default: 15,000.
   */
  timeoutMs?: number;
}

/**
 * A server, by its address.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#ways-to-open-it
 */
export interface PostgresServerOptions extends PostgresStoreOptions {
  /** postgres://user:password@host:5432/database, with any parameter that `pg` knows, such as sslmode. */
  url?: string;
  /** Options for `pg.Pool`, with or without a URL: `host`, `ssl`, `password` as a function … */
  options?: PoolConfig;
  /** The most connections at a time. Default: 10. */
  poolSize?: number;
  /** An address for migrations, if `url` leads through a transaction pooler or to a user without the permission. */
  directUrl?: string;
}

/**
 * Options of {@link PostgresCheckpointStore.inTransaction}: the place of the store's tables, and a time limit.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#together-with-your-own-rows
 */
export interface PostgresTransactionOptions extends TableLocation {
  /** Milliseconds after which a statement on a connection of `pg` fails. Default: 15,000. */
  timeoutMs?: number;
}

/**
 * PostgreSQL inside this process, by PGlite.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#ways-to-open-it
 */
export interface PostgresDirectoryOptions extends PostgresStoreOptions {
  /** A folder, which is made if it is missing, or "memory://", whose data is gone once the store is closed. */
  dataDir: string;
}

/**
 * Options of {@link PostgresCheckpointStore.connect}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-postgres/README.md#ways-to-open-it
 */
export type PostgresConnectOptions = PostgresServerOptions | PostgresDirectoryOptions;

export const DEFAULT_POOL_SIZE = 10;

/** The names of the options. The compiler refuses a table that lacks one. */
const SHARED = {
  schema: true,
  tablePrefix: true,
  migrate: true,
  prepare: true,
  timeoutMs: true,
} as const satisfies Record<keyof PostgresStoreOptions, true>;
const SERVER = { url: true, options: true, poolSize: true, directUrl: true } as const satisfies Record<
  Exclude<keyof PostgresServerOptions, keyof PostgresStoreOptions>,
  true
>;
const DIRECTORY = { dataDir: true } as const satisfies Record<
  Exclude<keyof PostgresDirectoryOptions, keyof PostgresStoreOptions>,
  true
>;

const TRANSACTION = { schema: true, tablePrefix: true, timeoutMs: true } as const satisfies Record<
  keyof PostgresTransactionOptions,
  true
>;

const CONNECT = "PostgresCheckpointStore.connect";

/**
 * Checks the options of `connect`, and leaves out those that are `undefined`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, also for an unknown name
 */
export function checkConnectOptions(given: PostgresConnectOptions): PostgresConnectOptions {
  checkOptions(given, { ...SERVER, ...DIRECTORY, ...SHARED }, CONNECT);
  const options = withoutUndefined(given);
  if ("dataDir" in options) {
    checkShared(options, DIRECTORY, CONNECT);
    if (typeof options.dataDir !== "string" || options.dataDir === "")
      throw invalidArgument("dataDir", "must name a folder");
    if (options.dataDir.includes("\0")) throw invalidArgument("dataDir", "must not contain U+0000");
    return options;
  }
  checkShared(options, SERVER, CONNECT);
  if (options.url === undefined && options.options === undefined) {
    throw invalidArgument("url", "is missing; give `url`, `options` or `dataDir`");
  }
  for (const name of ["url", "directUrl"] as const) {
    if (options[name] !== undefined) checkAddress(options[name], name, ["postgres", "postgresql", "socket"]);
  }
  checkPositive(options.poolSize, "poolSize");
  if (options.options === undefined) return options;
  checkObject(options.options, "options");
  return { ...options, options: withoutUndefined(options.options) };
}

/** Checks the options of `from`, and leaves out those that are `undefined`. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStoreOptions(given: PostgresStoreOptions): PostgresStoreOptions {
  checkShared(given, {}, "PostgresCheckpointStore.from");
  return withoutUndefined(given);
}

/** Checks the options of `inTransaction`. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkTransactionOptions(given: PostgresTransactionOptions): PostgresTransactionOptions {
  checkOptions(given, TRANSACTION, "PostgresCheckpointStore.inTransaction");
  checkTimeout(given.timeoutMs);
  return withoutUndefined(given);
}

function checkShared(options: PostgresStoreOptions, others: Readonly<Record<string, true>>, call: string): void {
  checkOptions(options, { ...others, ...SHARED }, call);
  checkTimeout(options.timeoutMs);
  checkFlag(options.migrate, "migrate");
  checkFlag(options.prepare, "prepare");
}
