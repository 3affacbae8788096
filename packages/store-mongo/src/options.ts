import { WorkflowError } from "@waymark/core";
import { MongoClient, type MongoClientOptions } from "mongodb";

/** Options of every way to open the store. */
export interface MongoStoreOptions {
  /** The database. Default: the one that the URL names, else "waymark". */
  database?: string;
  /** What the names of the collections begin with. Default: "waymark_". */
  collectionPrefix?: string;
  /** Whether to make missing indexes when the store is opened. Default: true; false needs no right to create them. */
  createIndexes?: boolean;
  /**
   * How long ended executions are kept, in milliseconds; each end begins it anew, a claim stops it. Default: for ever.
   *
   * - What core deletes or prunes goes at once, whatever is set here.
   */
  endedTtlMs?: number;
  /**
   * The longest that any call takes, in milliseconds; then it rejects with STORE_UNAVAILABLE. Default: 15,000.
   *
   * - What a call that ran out of time had sent may still take effect. Sent again with the same id it does so once.
   */
  timeoutMs?: number;
}

/** What {@link MongoCheckpointStore.connect} takes. */
export interface ConnectOptions extends MongoStoreOptions {
  /** mongodb:// or mongodb+srv://, with any parameter that the driver knows. */
  url: string;
  /** Options for the driver's `MongoClient`. They win over the store's own defaults, and over the URL. */
  clientOptions?: MongoClientOptions;
}

export interface CheckedOptions {
  database: string | undefined;
  collectionPrefix: string;
  createIndexes: boolean;
  endedTtlMs: number | undefined;
  timeoutMs: number;
}

const SHARED = ["database", "collectionPrefix", "createIndexes", "endedTtlMs", "timeoutMs"];

/** Checks options; a name that nobody reads is a mistake worth telling. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkConnectOptions(options: ConnectOptions): CheckedOptions {
  const checked = checkStoreOptions(options, ["url", "clientOptions"]);
  if (typeof options.url !== "string" || !/^mongodb(\+srv)?:\/\//.test(options.url)) {
    throw invalid("url", "must begin with mongodb:// or mongodb+srv://");
  }
  const { clientOptions } = options;
  if (clientOptions !== undefined && (typeof clientOptions !== "object" || clientOptions === null)) {
    throw invalid("clientOptions", "must be an object");
  }
  return checked;
}

/** Checks the options that all ways to open the store share. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStoreOptions(options: MongoStoreOptions, others: readonly string[] = []): CheckedOptions {
  if (typeof options !== "object" || options === null) throw invalid("options", "must be an object");
  const names = [...SHARED, ...others];
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is no option here; there are ${names.join(", ")}`);
  const { database, collectionPrefix = "waymark_", createIndexes = true, endedTtlMs, timeoutMs = 15_000 } = options;
  if (database !== undefined && !(typeof database === "string" && /^[^/\\. "$*<>:|?\0]{1,63}$/.test(database))) {
    throw invalid("database", 'must be 1 to 63 characters, none of them / \\ . space " $ * < > : | ?');
  }
  if (
    typeof collectionPrefix !== "string" ||
    !/^[^$\0]{0,64}$/.test(collectionPrefix) ||
    /^system\./.test(collectionPrefix)
  ) {
    throw invalid("collectionPrefix", "must be at most 64 characters, without $, and not begin with system.");
  }
  if (typeof createIndexes !== "boolean") throw invalid("createIndexes", "must be true or false");
  if (endedTtlMs !== undefined) checkPositive(endedTtlMs, "endedTtlMs");
  checkPositive(timeoutMs, "timeoutMs");
  return { database, collectionPrefix, createIndexes, endedTtlMs, timeoutMs };
}

function checkPositive(value: unknown, name: string): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) throw invalid(name, "must be a whole number above zero");
}

/** Opens nothing yet. @throws {WorkflowError} INVALID_ARGUMENT */
export function newClient(options: ConnectOptions, timeoutMs: number): MongoClient {
  const limits = { connectTimeoutMS: timeoutMs, serverSelectionTimeoutMS: timeoutMs, waitQueueTimeoutMS: timeoutMs };
  try {
    return new MongoClient(options.url, { appName: "waymark", ...limits, ...options.clientOptions });
  } catch (cause) {
    throw new WorkflowError("INVALID_ARGUMENT", `url or clientOptions: ${(cause as Error).message}`, {
      cause,
      details: { argument: "url" },
    });
  }
}

/** Checks that a client is one of the driver's, of any copy of it. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: MongoClient): void {
  if (typeof client?.db !== "function" || typeof client.options !== "object") {
    throw invalid("client", "must be a MongoClient");
  }
}

/** The database that a client's URL names, else the store's default. */
export function databaseOf(client: MongoClient): string {
  const { dbName } = client.options;
  // The driver's own default, which nobody chooses to keep data in.
  return dbName === "test" ? "waymark" : dbName;
}

function invalid(name: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${name} ${problem}.`, { details: { argument: name } });
}
