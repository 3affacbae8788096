import { WorkflowError } from "@waymark/core";
import type { PoolConfig } from "pg";
import type { TableLocation } from "./table-names.ts";

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
   * STORE_UNAVAILABLE. Default: 15,000.
   */
  timeoutMs?: number;
}

/** A server, by its address. */
export interface ConnectServerOptions extends PostgresStoreOptions {
  /** postgres://user:password@host:5432/database, with any parameter that `pg` knows, such as sslmode. */
  url?: string;
  /** Options for `pg.Pool`, beside the URL or in place of it: `host`, `ssl`, `password` as a function … */
  options?: PoolConfig;
  /** The most connections at once. Default: 10. */
  poolSize?: number;
  /** Where to migrate, if `url` leads through a transaction pooler or to a user without the permission. */
  directUrl?: string;
}

/** PostgreSQL inside this process, by PGlite. */
export interface ConnectDirectoryOptions extends PostgresStoreOptions {
  /** A folder, made if it is missing; or "memory://", which is gone when the store is closed. */
  dataDir: string;
}

/** What {@link PostgresCheckpointStore.connect} takes. */
export type ConnectOptions = ConnectServerOptions | ConnectDirectoryOptions;

export const DEFAULT_TIMEOUT_MS = 15_000;
export const DEFAULT_POOL_SIZE = 10;

const SHARED = ["schema", "tablePrefix", "migrate", "prepare", "timeoutMs"];
const SERVER = ["url", "options", "poolSize", "directUrl"];

/** Checks options; a name that nobody reads is a mistake worth telling. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkConnectOptions(options: ConnectOptions): void {
  if (typeof options !== "object" || options === null) throw invalid("options", "must be an object");
  const isDirectory = "dataDir" in options;
  checkNames(options, isDirectory ? [...SHARED, "dataDir"] : [...SHARED, ...SERVER]);
  checkStoreOptions(options, isDirectory ? ["dataDir"] : SERVER);
  if (isDirectory) {
    if (typeof options.dataDir !== "string" || options.dataDir === "") throw invalid("dataDir", "must name a folder");
    return;
  }
  if (options.url === undefined && options.options === undefined) {
    throw invalid("url", "is missing; give `url`, `options` or `dataDir`");
  }
  checkUrl(options.url, "url");
  checkUrl(options.directUrl, "directUrl");
  checkPositive(options.poolSize, "poolSize");
}

/** Checks the options that all ways to open the store share; `others` are the names that may be there besides. */
export function checkStoreOptions(options: PostgresStoreOptions, others: readonly string[] = []): void {
  checkNames(options, [...SHARED, ...others]);
  checkPositive(options.timeoutMs, "timeoutMs");
  for (const name of ["migrate", "prepare"] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== "boolean") throw invalid(name, "must be true or false");
  }
}

function checkNames(options: object, names: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is no option here; there are ${names.join(", ")}`);
}

function checkUrl(value: unknown, name: string): void {
  if (value === undefined) return;
  if (typeof value !== "string" || !/^(postgres(ql)?|socket):\/\//.test(value)) {
    throw invalid(name, "must begin with postgres://");
  }
}

function checkPositive(value: unknown, name: string): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) > 0)) return;
  throw invalid(name, "must be a whole number above zero");
}

function invalid(name: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${name} ${problem}.`, { details: { argument: name } });
}
