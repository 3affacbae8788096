import { checkAddress, checkObject, invalidArgument } from "@waymark/core/store";
import { checkFlag, checkOptions, checkPositive, checkTimeout } from "@waymark/store-connection";
import type { ClusterNode, ClusterOptions, RedisOptions } from "ioredis";

/**
 * Options of every way to open the store.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-redis/README.md#ways-to-open-it
 */
export interface RedisStoreOptions {
  /** The prefix of every key, without braces. Stores with different prefixes share nothing. Default: "waymark:". */
  keyPrefix?: string;
  /**
   * Milliseconds for which ended executions are kept. Each end starts the time again; a claim stops it. Default:
   * forever.
   *
   * - Executions that are deleted or pruned are removed at once.
   */
  endedTtlMs?: number;
  /**
   * True if a resolved call outlives a crash of the server's machine. Default: as the server reports (`appendonly yes`
   * with `appendfsync always`), or false if it does not.
   */
  durable?: boolean;
  /** The largest payload, in bytes of UTF-8. Default: 64 MiB. */
  maxPayloadBytes?: number;
  /**
   * Milliseconds after which a call rejects with STORE_UNAVAILABLE, including reconnecting, 1 to 2,147,483,647.
   * Default: 15,000.
   */
  timeoutMs?: number;
  /**
   * Called with a message for each setting of the server that may lose data. Its errors are ignored. Default:
   * `process.emitWarning`.
   */
  onWarning?: (message: string) => unknown;
}

/**
 * Options of {@link RedisCheckpointStore.connect}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/packages/store-redis/README.md#ways-to-open-it
 */
export interface RedisConnectOptions extends RedisStoreOptions {
  /** redis://user:password@host:6379/0, or rediss:// for TLS. */
  url?: string;
  /** Options for the `Redis` of ioredis, with or without a URL: `host`, `tls`, `sentinels` and `name` … */
  options?: RedisOptions;
  /** Nodes of a Redis Cluster, in place of `url`. The client finds the others. */
  cluster?: ClusterNode[];
  /** Options for the `Cluster` of ioredis, with `cluster`. */
  clusterOptions?: ClusterOptions;
}

export const DEFAULT_KEY_PREFIX = "waymark:";
export const DEFAULT_MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
/** The largest payload for which a string of Redis, by default at most 512 MiB, has room beside a record's header. */
const LARGEST_PAYLOAD_BYTES = 511 * 1024 * 1024;

const SHARED = {
  keyPrefix: true,
  endedTtlMs: true,
  durable: true,
  maxPayloadBytes: true,
  timeoutMs: true,
  onWarning: true,
} satisfies Record<keyof Required<RedisStoreOptions>, true>;
const CONNECT = { url: true, options: true, cluster: true, clusterOptions: true, ...SHARED } satisfies Record<
  keyof Required<RedisConnectOptions>,
  true
>;

/** Checks the options of `connect`, and refuses unknown names. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkConnectOptions(options: RedisConnectOptions): void {
  checkStoreOptions(options, "RedisCheckpointStore.connect", CONNECT);
  const { url, options: redis, cluster, clusterOptions } = options;
  if (cluster === undefined && url === undefined && redis === undefined) {
    throw invalidArgument("url", "is missing; give `url`, `options` or `cluster`");
  }
  if (cluster !== undefined) {
    if (url !== undefined || redis !== undefined) {
      throw invalidArgument("cluster", "can be combined with `clusterOptions` only, not with `url` or `options`");
    }
    if (!Array.isArray(cluster) || cluster.length === 0)
      throw invalidArgument("cluster", "must list at least one node");
  } else if (clusterOptions !== undefined) {
    throw invalidArgument("clusterOptions", "needs `cluster`");
  }
  if (url !== undefined) checkUrl(url, "url");
  for (const node of cluster ?? []) if (typeof node === "string") checkUrl(node, "cluster");
  if (redis !== undefined) checkObject(redis, "options.options");
  if (clusterOptions !== undefined) checkObject(clusterOptions, "clusterOptions");
}

/** Checks the options that all ways to open the store share, and refuses names that `known` does not have. */
export function checkStoreOptions(
  options: RedisStoreOptions,
  call: string,
  known: Readonly<Record<string, true>> = SHARED,
): void {
  checkOptions(options, known, call);
  const { keyPrefix, durable, maxPayloadBytes, onWarning } = options;
  if (keyPrefix !== undefined && (typeof keyPrefix !== "string" || !/^[^{}\0]*$/.test(keyPrefix))) {
    throw invalidArgument("keyPrefix", "must be text without braces, which would decide where a cluster puts the keys");
  }
  if (keyPrefix?.isWellFormed() === false) throw invalidArgument("keyPrefix", "must be well-formed Unicode");
  checkFlag(durable, "durable");
  if (onWarning !== undefined && typeof onWarning !== "function")
    throw invalidArgument("onWarning", "must be a function");
  checkPositive(options.endedTtlMs, "endedTtlMs");
  checkTimeout(options.timeoutMs);
  checkPositive(maxPayloadBytes, "maxPayloadBytes", LARGEST_PAYLOAD_BYTES);
}

/** Checks an address, or the path of a socket. */
function checkUrl(url: unknown, name: string): void {
  if (typeof url === "string" && url.startsWith("/")) return;
  checkAddress(url, name, ["redis", "rediss"]);
  try {
    const { username, password } = new URL(url);
    decodeURIComponent(username + password);
  } catch {
    throw invalidArgument(name, "is no address; user and password must be percent-encoded (encodeURIComponent)");
  }
}
