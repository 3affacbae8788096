import { WorkflowError } from "@waymark/core";
import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { ConnectOptions } from "./options.ts";
import type { RedisClient } from "./redis-client.ts";
import { replyCodeOf, TimedOut, translateError } from "./translate-error.ts";

/** The types of ioredis ask for it to be said; the scripts answer in lists either way. */
const PLAIN_REPLIES = { replyMapping: "legacy" } as const;

/**
 * Opens a client and waits for its first connection. Unlike later, a fault at the start is not waited out.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE
 */
export async function openClient(options: ConnectOptions, timeoutMs: number): Promise<RedisClient> {
  const client = options.cluster === undefined ? single(options, timeoutMs) : cluster(options, timeoutMs);
  let lastError: unknown;
  const onError = (error: unknown) => {
    lastError = error;
  };
  client.on("error", onError);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lastError ?? new TimedOut(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([client.connect().then(() => client.ping()), tooLate]);
  } catch (error) {
    client.disconnect();
    // What the server said tells more than that the connection was closed thereafter.
    throw translateError(replyCodeOf(error) === undefined ? (lastError ?? error) : error);
  } finally {
    clearTimeout(timer);
  }
  return client;
}

/** Checks what `from` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkClient(client: unknown): asserts client is RedisClient {
  const { evalsha, status } = (client ?? {}) as Partial<RedisClient>;
  if (typeof evalsha === "function" && typeof status === "string") return;
  throw new WorkflowError("INVALID_ARGUMENT", "client must be a Redis or Cluster of ioredis.", {
    details: { argument: "client" },
  });
}

function single({ url, options = {} }: ConnectOptions, timeoutMs: number): RedisClient {
  const settings = {
    ...ownConnection(timeoutMs),
    retryStrategy: (times: number) => Math.min(times * 50, 500),
    ...options,
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

function cluster({ cluster: nodes = [], clusterOptions = {} }: ConnectOptions, timeoutMs: number): RedisClient {
  return new Cluster(nodes, {
    clusterRetryStrategy: (times) => Math.min(times * 50, 500),
    ...clusterOptions,
    lazyConnect: true,
    redisOptions: { ...ownConnection(timeoutMs), ...clusterOptions.redisOptions, ...PLAIN_REPLIES },
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
