import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowError } from "@waymark/core";
import { invalidArgument, safeError } from "@waymark/core/store";
import { within, withoutUndefined } from "@waymark/store-connection";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { RedisConnectOptions } from "./options.ts";
import type { RedisClient } from "./redis-client.ts";
import { replyCodeOf, TimedOut, translateError } from "./translate-error.ts";

/** The types of ioredis ask for it to be said; the scripts answer in lists either way. */
const PLAIN_REPLIES = { replyMapping: "legacy" } as const;

/** How often a server that loads its data is asked whether it is done, in milliseconds. */
const LOADING_POLL_MS = 100;

/**
 * Opens a client and waits for its first connection, and for a server that is loading its data. Unlike later, no other
 * fault is waited out.
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
    // What the server said tells more than that the connection was closed thereafter.
    throw translateError(replyCodeOf(error) === undefined ? (lastError ?? error) : error);
  }
  return client;
}

/** @throws {WorkflowError} INVALID_ARGUMENT */
function newClient(options: RedisConnectOptions, timeoutMs: number): RedisClient {
  try {
    return options.cluster === undefined ? single(options, timeoutMs) : cluster(options, timeoutMs);
  } catch (error) {
    const cause = safeError(error);
    throw new WorkflowError("INVALID_ARGUMENT", `ioredis does not take the options: ${cause.message}`, {
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

/** Checks what `from` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: unknown): asserts client is RedisClient {
  const { evalsha, status } = (client ?? {}) as Partial<RedisClient>;
  if (typeof evalsha === "function" && typeof status === "string") {
    checkPrefix(client as RedisClient, "client");
    return;
  }
  throw invalidArgument("client", "must be a Redis or Cluster of ioredis");
}

/**
 * Refuses a prefix of the client's own by which a cluster sees no hash tag: it looks at the first brace only. Any other one
 * keeps the keys of an execution together.
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
    // A call waits for a server that is loading by itself, and knows what it waits for. With Sentinel the check is what
    // finds out that the server is no primary any more.
    enableReadyCheck: options.sentinels !== undefined,
    maxLoadingRetryTime: LOADING_POLL_MS,
    ...withoutUndefined(options),
    ...PLAIN_REPLIES,
    lazyConnect: true,
    // A call waits for the connection by itself: what it gave up must not be sent later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // And what was under way is told to have failed as soon as the connection breaks.
    maxRetriesPerRequest: 0,
  };
  return url === undefined ? new Redis(settings) : new Redis(url, settings);
}

function cluster({ cluster: nodes = [], clusterOptions = {} }: RedisConnectOptions, timeoutMs: number): RedisClient {
  return new Cluster(nodes, {
    clusterRetryStrategy: (times) => Math.min(times * 50, 500),
    // A cluster that is down is waited for by calls, which so know what they wait for.
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
    // After a failover behind one address, this connection leads to what is now a replica.
    reconnectOnError: (error) => replyCodeOf(error) === "READONLY",
  };
}

type OwnOption = "connectionName" | "connectTimeout" | "reconnectOnError";
