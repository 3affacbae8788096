import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowError } from "@waymark/core";
import { invalidArgument, safeError } from "@waymark/core/store";
import { cureOfClient, within, withoutUndefined } from "@waymark/store-connection";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisConnectOptions } from "./options.ts";
import type { RedisClient } from "./redis-client.ts";
import { replyCodeOf, TimedOut, translateError } from "./translate-error.ts";

/** An option that the types of ioredis require. The scripts answer in lists either way. */
const PLAIN_REPLIES = { replyMapping: "legacy" } as const;

/** Milliseconds between two questions to a server that loads its data. */
const LOADING_POLL_MS = 100;

/**
 * Opens a client and waits for its first connection, and for a server that is loading its data. It waits for no other
 * fault to pass; later calls do.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, STORE_UNAVAILABLE
 */
export async function openClient(options: RedisConnectOptions, timeoutMs: number): Promise<RedisClient> {
  const client = newClient(options, timeoutMs);
  checkPrefix(client, "clusterOptions");
  let lastError: unknown;
  const onError = (error: unknown) => {
    lastError = error;
  };
  client.on("error", onError);
  const opening = client.connect().then(() => loaded(client, onError));
  try {
    await within(opening, timeoutMs, () => lastError ?? new TimedOut(timeoutMs));
  } catch (error) {
    client.disconnect();
    throw translateError(explains(error) ? error : (lastError ?? error));
  }
  return client;
}

/**
 * Returns whether an error of the first call explains why the client is of no use. The end of the connection does not,
 * nor does that a login is missing: the errors before it are the refusal of the login, if one was given.
 */
function explains(error: unknown): boolean {
  const code = replyCodeOf(error);
  return code !== undefined && code !== "NOAUTH";
}

/** Makes a client, which does not connect yet. @throws {WorkflowError} INVALID_ARGUMENT */
function newClient(options: RedisConnectOptions, timeoutMs: number): RedisClient {
  try {
    return options.cluster === undefined ? single(options, timeoutMs) : cluster(options, timeoutMs);
  } catch (error) {
    const cause = safeError(error);
    throw new WorkflowError("INVALID_ARGUMENT", `ioredis does not accept the options: ${cause.message}`, {
      cause,
      details: { argument: options.cluster === undefined ? "options" : "clusterOptions" },
    });
  }
}

async function loaded(client: RedisClient, onError: (error: unknown) => void): Promise<void> {
  for (;;) {
    try {
      await client.ping();
      return;
    } catch (error) {
      if (replyCodeOf(error) !== "LOADING") throw error;
      onError(error);
      await sleep(LOADING_POLL_MS);
    }
  }
}

/** Checks the client of `from`. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: unknown): asserts client is RedisClient {
  const { evalsha, status } = (client ?? {}) as Partial<RedisClient>;
  if (typeof evalsha === "function" && typeof status === "string") {
    checkPrefix(client as RedisClient, "client");
    return;
  }
  const cure = cureOfClient(client, "RedisCheckpointStore");
  throw invalidArgument("client", `must be a Redis or Cluster of ioredis${cure}`);
}

/**
 * Refuses a prefix of the client's own that hides the hash tag from a cluster, which looks at the first brace only. Any
 * other prefix keeps the keys of an execution together.
 */
function checkPrefix({ isCluster, options }: RedisClient, argument: string): void {
  if (!isCluster || !/^[^{]*\{\}/.test(String(options?.keyPrefix ?? ""))) return;
  const problem = "holds `{}`, by which a cluster puts each key into a slot of its own";
  throw invalidArgument(argument, problem, "The client's keyPrefix");
}

function single({ url, options = {} }: RedisConnectOptions, timeoutMs: number): RedisClient {
  const settings = {
    ...ownConnection(timeoutMs),
    retryStrategy: (times: number) => Math.min(times * 50, 500),
    // Calls themselves wait for a server that is loading, and so can report it. With Sentinel this check finds out that
    // the server is no primary any more.
    enableReadyCheck: options.sentinels !== undefined,
    maxLoadingRetryTime: LOADING_POLL_MS,
    ...withoutUndefined(options),
    ...PLAIN_REPLIES,
    lazyConnect: true,
    // Calls themselves wait for the connection: a call that has failed must not be sent later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Calls under way must fail as soon as the connection breaks.
    maxRetriesPerRequest: 0,
  };
  return url === undefined ? new Redis(settings) : new Redis(url, settings);
}

function cluster({ cluster: nodes = [], clusterOptions = {} }: RedisConnectOptions, timeoutMs: number): RedisClient {
  return new Cluster(nodes, {
    clusterRetryStrategy: (times) => Math.min(times * 50, 500),
    // Calls themselves wait for a cluster that is down, and so can report it.
    enableReadyCheck: false,
    retryDelayOnClusterDown: 0,
    ...withoutUndefined(clusterOptions),
    lazyConnect: true,
    redisOptions: {
      ...ownConnection(timeoutMs),
      ...withoutUndefined(clusterOptions.redisOptions ?? {}),
      ...PLAIN_REPLIES,
    },
  });
}

function ownConnection(timeoutMs: number): Pick<RedisOptions, OwnOption> {
  return {
    connectionName: "waymark",
    connectTimeout: Math.min(timeoutMs, 10_000),
    // After a failover behind one address, this connection leads to a server that is now a replica.
    reconnectOnError: (error) => replyCodeOf(error) === "READONLY",
  };
}

type OwnOption = "connectionName" | "connectTimeout" | "reconnectOnError";
