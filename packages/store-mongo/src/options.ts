import { WorkflowError } from "@waymark/core";
import { checkAddress, checkObject, invalidArgument } from "@waymark/core/store";
import {
  checkFlag,
  checkOptions,
  checkPositive,
  checkTimeout,
  cureOfClient,
  DEFAULT_TIMEOUT_MS,
  withoutUndefined,
} from "@waymark/store-connection";
import { type Db, MongoClient, type MongoClientOptions } from "mongodb";
import { causeOf } from "./translate-error.ts";

/**
 * Options of every way to open the store.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-mongo/README.md#ways-to-open-it
 */
export interface MongoStoreOptions {
  /** The database. Default: the one that the URL names, else "waymark". */
  database?: string;
  /** The beginning of the names of the collections. Default: "waymark_". */
  collectionPrefix?: string;
  /** Makes missing indexes when the store is opened. Default: true; false needs no right to create them. */
  createIndexes?: boolean;
  /**
   * Milliseconds for which ended executions are kept. Each end starts the time again; a claim stops it. Default:
   * forever.
   *
   * - Executions that are deleted or pruned are removed at once.
   */
  endedTtlMs?: number;
  /**
   * Milliseconds after which a call rejects with STORE_UNAVAILABLE, 1 to 2,147,483,647. Default: 15,000.
   *
   * - A call that timed out may still take effect. If it is sent again with the same id, it takes effect once.
   * - The first call of a store made by `from` also sets it up, within as long a time again.
   */
  timeoutMs?: number;
}

/**
 * Options of {@link MongoCheckpointStore.connect}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-mongo/README.md#ways-to-open-it
 */
export interface MongoConnectOptions extends MongoStoreOptions {
  /** A mongodb:// or mongodb+srv:// address, with any parameter of the driver's. */
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

const SHARED = {
  database: true,
  collectionPrefix: true,
  createIndexes: true,
  endedTtlMs: true,
  timeoutMs: true,
} satisfies Record<keyof Required<MongoStoreOptions>, true>;
const CONNECT = { url: true, clientOptions: true, ...SHARED } satisfies Record<
  keyof Required<MongoConnectOptions>,
  true
>;

/** Checks options, and refuses unknown names. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkConnectOptions(options: MongoConnectOptions): CheckedOptions {
  const checked = checkStoreOptions(options, "MongoCheckpointStore.connect", CONNECT);
  checkAddress(options.url, "url", ["mongodb", "mongodb+srv"]);
  const { clientOptions } = options;
  if (clientOptions !== undefined) checkObject(clientOptions, "clientOptions");
  return checked;
}

/** Checks the options that all ways to open the store share, and refuses names that `known` does not have. */
export function checkStoreOptions(
  options: MongoStoreOptions,
  call: string,
  known: Readonly<Record<string, true>> = SHARED,
): CheckedOptions {
  checkOptions(options, known, call);
  const { database, collectionPrefix = "waymark_", createIndexes = true, endedTtlMs } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (database !== undefined && !(typeof database === "string" && /^[^/\\. "$*<>:|?\0]{1,63}$/.test(database))) {
    throw invalidArgument("database", 'must be 1 to 63 characters, none of them / \\ . space " $ * < > : | ?');
  }
  if (
    typeof collectionPrefix !== "string" ||
    !/^[^$\0]{0,64}$/.test(collectionPrefix) ||
    /^system\./.test(collectionPrefix)
  ) {
    throw invalidArgument("collectionPrefix", "must be at most 64 characters, without $, and not begin with system.");
  }
  checkFlag(createIndexes, "createIndexes");
  checkPositive(endedTtlMs, "endedTtlMs");
  checkTimeout(timeoutMs);
  return { database, collectionPrefix, createIndexes, endedTtlMs, timeoutMs };
}

/** Makes a client, which does not connect yet. @throws {WorkflowError} INVALID_ARGUMENT */
export function newClient({ url, clientOptions = {} }: MongoConnectOptions, timeoutMs: number): MongoClient {
  const limits = { connectTimeoutMS: timeoutMs, serverSelectionTimeoutMS: timeoutMs, waitQueueTimeoutMS: timeoutMs };
  try {
    return new MongoClient(url, { appName: "waymark", ...limits, ...withoutUndefined(clientOptions) });
  } catch (error) {
    const cause = causeOf(error);
    const repeatsSecret = secretsIn(url).some((secret) => cause.message.includes(secret));
    const problem = repeatsSecret ? "the driver does not accept them" : cause.message;
    throw new WorkflowError("INVALID_ARGUMENT", `url or clientOptions: ${problem}`, {
      cause: repeatsSecret ? undefined : cause,
      details: { argument: "url" },
    });
  }
}

/** Returns the parts of an address that must not be repeated: user, password and the values of parameters. */
function secretsIn(url: string): string[] {
  const [, userinfo = "", parameters = ""] = /^[^:]*:\/\/(?:(.*)@)?[^?]*\??(.*)$/s.exec(url) ?? [];
  const values = parameters.split("&").map((each) => each.slice(each.indexOf("=") + 1));
  return [...userinfo.split(/[:/?#@]/), ...values].filter((each) => each !== "");
}

/** A `MongoClient`, of any version and any copy of the driver. */
export interface MongoClientLike {
  db(name?: string): object;
  readonly options: { readonly dbName: string };
}

/** Checks that a client is one of the driver's, of any copy of it. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: MongoClientLike): asserts client is MongoClient {
  if (typeof client?.db !== "function" || typeof client.options !== "object") {
    throw invalidArgument("client", `must be a MongoClient${insteadOf(client)}`);
  }
}

/** Names what was given in place of a client, and what to write. */
function insteadOf(given: unknown): string {
  const { collection, databaseName, getClient } = (given ?? {}) as Partial<Db> & { getClient?: unknown };
  if (typeof getClient === "function") return ", not a connection of Mongoose: write from(connection.getClient())";
  if (typeof collection === "function") return `, not a Db: write from(client, { database: "${databaseName}" })`;
  return cureOfClient(given, "MongoCheckpointStore");
}

/** Returns the database that a client's URL names, or else the store's default. */
export function databaseOf(client: MongoClient): string {
  const { dbName } = client.options;
  // The driver's own default is no place to keep data.
  return dbName === "test" ? "waymark" : dbName;
}
