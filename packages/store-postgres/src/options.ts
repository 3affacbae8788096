import { WorkflowError } from "@waymark/core";
import { checkAddress, cleanText, quoted } from "@waymark/core/store";
import type { PoolConfig } from "pg";
import type { TableLocation } from "./sql/table-names.ts";

/** Options of every way to open the store. */
export interface PostgresStoreOptions extends TableLocation {
  /**
   * Whether to bring the tables up to date when the store is opened. Default: true.
   *
   * - False: the version is checked, and what is missing is named in the error.
   */
  migrate?: boolean;
  /**
   * Whether to prepare statements once per connection. Default: true.
   *
   * - False behind a pooler that hands connections out by transaction (PgBouncer, Supavisor, RDS Proxy).
   */
  prepare?: boolean;
  /**
   * The longest that any call takes, in milliseconds, waiting for a connection included; then it rejects with
   * STORE_UNAVAILABLE. At most 2,147,483,647. Default: 15,000.
   */
  timeoutMs?: number;
}

/** A server, by its address. */
export interface PostgresServerOptions extends PostgresStoreOptions {
  /** postgres://user:password@host:5432/database, with any parameter that `pg` knows, such as sslmode. */
  url?: string;
  /** Options for `pg.Pool`, beside the URL or in place of it: `host`, `ssl`, `password` as a function … */
  options?: PoolConfig;
  /** The most connections at once. Default: 10. */
  poolSize?: number;
  /** Where to migrate, if `url` leads through a transaction pooler or to a user without the permission. */
  directUrl?: string;
}

/** What {@link PostgresCheckpointStore.inTransaction} takes beside the connection: where the store's tables are. */
export interface PostgresTransactionOptions extends TableLocation {
  /** The longest that a statement on a connection of `pg` takes, in milliseconds. Default: 15,000. */
  timeoutMs?: number;
}

/** PostgreSQL inside this process, by PGlite. */
export interface PostgresDirectoryOptions extends PostgresStoreOptions {
  /** A folder, made if it is missing; or "memory://", which is gone when the store is closed. */
  dataDir: string;
}

/** What {@link PostgresCheckpointStore.connect} takes. */
export type PostgresConnectOptions = PostgresServerOptions | PostgresDirectoryOptions;

export const DEFAULT_TIMEOUT_MS = 15_000;
export const DEFAULT_POOL_SIZE = 10;

/** The longest time that Node's timers can wait, in milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** The longest part of an unknown name that is told, in characters. */
const MAX_NAME = 100;

/** The names of the options; the compiler asks for each. */
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

/**
 * Checks the options of `connect`, and leaves out those that are `undefined`.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT; a name that nobody reads is a mistake worth telling
 */
export function checkConnectOptions(given: PostgresConnectOptions): PostgresConnectOptions {
  checkObject(given, "options");
  const options = withoutUndefined(given);
  if ("dataDir" in options) {
    checkShared(options, DIRECTORY);
    if (typeof options.dataDir !== "string" || options.dataDir === "") throw invalid("dataDir", "must name a folder");
    if (options.dataDir.includes("\0")) throw invalid("dataDir", "must not contain U+0000");
    return options;
  }
  checkShared(options, SERVER);
  if (options.url === undefined && options.options === undefined) {
    throw invalid("url", "is missing; give `url`, `options` or `dataDir`");
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
  checkObject(given, "options");
  const options = withoutUndefined(given);
  checkShared(options, {});
  return options;
}

/** Checks the options of `inTransaction`. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkTransactionOptions(given: PostgresTransactionOptions): PostgresTransactionOptions {
  checkObject(given, "options");
  const options = withoutUndefined(given);
  checkKnown(options, TRANSACTION);
  checkPositive(options.timeoutMs, "timeoutMs", MAX_TIMEOUT_MS);
  return options;
}

function checkShared(options: PostgresStoreOptions, others: object): void {
  checkKnown(options, { ...SHARED, ...others });
  checkPositive(options.timeoutMs, "timeoutMs", MAX_TIMEOUT_MS);
  for (const name of ["migrate", "prepare"] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== "boolean") throw invalid(name, "must be true or false");
  }
}

function checkKnown(options: object, known: object): void {
  const names = Object.keys(known);
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    // It may be anything, an address too.
    const name = cleanText(unknown, MAX_NAME);
    throw invalid(quoted(name), `is no option here; there are ${names.join(", ")}`, name);
  }
}

function checkObject(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "must be an object");
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function checkPositive(value: unknown, name: string, most = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= most))
    return;
  throw invalid(name, `must be a whole number above zero, at most ${most}`);
}

function invalid(name: string, problem: string, argument = name): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${name} ${problem}.`, { details: { argument } });
}
