import { checkAddress, checkOptions, invalidArgument } from "@waymark/core/store";
import type { ConnectionOptions } from "bullmq";
import { checkWhole } from "../options.ts";
import { checkQueueOptions, type QueueOptions } from "../queue-options.ts";

/**
 * The options of {@link bullmqDispatcher}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/workers.md#bullmq
 */
export interface BullmqDispatcherOptions extends QueueOptions {
  /**
   * The connection, as BullMQ takes it: options for ioredis (`{ url }`, `{ host, port }`), or a client, which stays yours and
   * has `maxRetriesPerRequest: null`.
   */
  connection: ConnectionOptions;
  /** The prefix of every key. In a Redis Cluster it has braces: "{waymark}". Default: "bull". */
  prefix?: string;
  /** Milliseconds after which the job of a dead process is delivered again, at most: 2,000 or more. Default: 30,000. */
  redeliverAfterMs?: number;
}

const NAMES = {
  connection: true,
  prefix: true,
  queue: true,
  redeliverAfterMs: true,
  onError: true,
} satisfies Record<keyof BullmqDispatcherOptions, true>;

/** Checks the options of the dispatcher. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkBullmqOptions(options: BullmqDispatcherOptions): void {
  if (typeof options === "object" && options !== null && "url" in options) {
    throw invalidArgument("url", "is not a known option of bullmqDispatcher (write connection: { url: … })", '"url"');
  }
  checkOptions(options, new Set(Object.keys(NAMES)), "bullmqDispatcher");
  const { connection, prefix } = options;
  if (typeof connection !== "object" || connection === null || Array.isArray(connection)) {
    throw invalidArgument(
      "connection",
      'must be options or a client of Redis, such as { url: "redis://localhost:6379" }',
    );
  }
  if (connection instanceof Promise) {
    throw invalidArgument("connection", "must be options or a client of Redis, not a Promise: await it");
  }
  if (isClient(connection)) refuseLimitedClient(connection);
  else checkUrl((connection as { url?: unknown }).url);
  if (prefix !== undefined && (typeof prefix !== "string" || prefix === "")) {
    throw invalidArgument("prefix", "must be a text that is not empty");
  }
  checkQueueOptions(options);
  checkWhole(options.redeliverAfterMs, "redeliverAfterMs", 2_000, 3_600_000);
}

/**
 * Milliseconds after which a connection that does not answer is replaced. One that has silently broken would be waited for without
 * end. Longer than BullMQ waits for a job, which is ten seconds.
 */
const SOCKET_TIMEOUT_MS = 30_000;

/** Returns the connection as the dispatcher uses it: options of ioredis get a limit of time, unless they have one. */
export function withSocketTimeout(connection: ConnectionOptions): ConnectionOptions {
  return isClient(connection) ? connection : { socketTimeout: SOCKET_TIMEOUT_MS, ...connection };
}

/** Returns true if the connection is a client of the user's, not options for one. */
export function isClient(connection: object): boolean {
  return typeof (connection as { duplicate?: unknown }).duplicate === "function";
}

/** Checks an address, or the path of a socket. ioredis takes other texts for the name of a host, and tries it for ever. */
function checkUrl(url: unknown): void {
  if (url === undefined || (typeof url === "string" && url.startsWith("/"))) return;
  checkAddress(url, "connection.url", ["redis", "rediss"]);
}

/** Refuses a client with which BullMQ adds jobs but takes none: its worker throws. @throws {WorkflowError} INVALID_ARGUMENT */
function refuseLimitedClient(connection: object): void {
  const { options } = connection as { options?: ClientOptions };
  const { maxRetriesPerRequest } = options?.redisOptions ?? options ?? {};
  if (!maxRetriesPerRequest) return;
  throw invalidArgument(
    "connection",
    "must be a client that waits for its server, such as new Redis(url, { maxRetriesPerRequest: null })",
  );
}

/** The options of a client of ioredis; those of a cluster's nodes are in `redisOptions`. */
interface ClientOptions {
  maxRetriesPerRequest?: number | null;
  redisOptions?: ClientOptions;
}
