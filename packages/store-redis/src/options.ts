import { checkAddress, checkObject, invalidArgument } from "@waymark/core/store";
import { checkFlag, checkOptions, checkPositive, checkTimeout } from "@waymark/store-connection";
import type { ClusterNode, ClusterOptions, RedisOptions } from "ioredis";

/** Options of every way to open the store. */
export interface RedisStoreOptions {
  /** What every key begins with; stores with different prefixes share nothing. No braces. Default: "waymark:". */
  keyPrefix?: string;
  /**
   * How long ended executions are kept, in milliseconds; each end begins it anew, a claim stops it. Default: for ever.
   *
   * - What core deletes or prunes goes at once, whatever is set here.
   */
  endedTtlMs?: number;
  /**
   * Whether a resolved call outlives a crash of the server's machine. Default: what the server says (`appendonly yes`
   * with `appendfsync always`), or false where it does not say.
   */
  durable?: boolean;
  /** The largest payload, in bytes of UTF-8. Default: 64 MiB. */
  maxPayloadBytes?: number;
  /**
   * The longest that any call takes, in milliseconds, reconnecting included; then it rejects with STORE_UNAVAILABLE.
   * At most 2,147,483,647. Default: 15,000.
   */
  timeoutMs?: number;
  /**
   * Called with each setting of the server that may lose data. What it throws or rejects with is ignored. Default:
   * `process.emitWarning`.
   */
  onWarning?: (message: string) => unknown;
}

/** What {@link RedisCheckpointStore.connect} takes. */
export interface RedisConnectOptions extends RedisStoreOptions {
  /** redis://user:password@host:6379/0, or rediss:// for TLS. */
  url?: string;
  /** Options for the `Redis` of ioredis, beside the URL or in place of it: `host`, `tls`, `sentinels` and `name` … */
  options?: RedisOptions;
  /** Nodes of a Redis Cluster, in place of `url`; the client finds the others. */
  cluster?: ClusterNode[];
  /** Options for the `Cluster` of ioredis, with `cluster`. */
  clusterOptions?: ClusterOptions;
}

export const DEFAULT_KEY_PREFIX = "waymark:";
export const DEFAULT_MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;
/** Redis takes no larger string by default; a record's header needs room too. */
const LARGEST_PAYLOAD_BYTES = 511 * 1024 * 1024;

const SHARED = {
  keyPrefix: true,
  endedTtlMs: true,
  durable: true,
  maxPayloadBytes: true,
  timeoutMs: true,
  onWarning: true,
} satisfies Record<keyof Required<RedisStoreOptions>, true>;
const CONNECT = { ...SHARED, url: true, options: true, cluster: true, clusterOptions: true } satisfies Record<
  keyof Required<RedisConnectOptions>,
  true
>;

/** Checks options; a name that nobody reads is a mistake worth telling. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkConnectOptions(options: RedisConnectOptions): void {
  checkStoreOptions(options, CONNECT);
  const { url, options: redis, cluster, clusterOptions } = options;
  if (cluster === undefined && url === undefined && redis === undefined) {
    throw invalidArgument("url", "is missing; give `url`, `options` or `cluster`");
  }
  if (cluster !== undefined) {
    if (url !== undefined || redis !== undefined) {
      throw invalidArgument("cluster", "goes with `clusterOptions` only, not with `url` or `options`");
    }
    if (!Array.isArray(cluster) || cluster.length === 0)
      throw invalidArgument("cluster", "must list at least one node");
  } else if (clusterOptions !== undefined) {
    throw invalidArgument("clusterOptions", "goes with `cluster` only");
  }
  if (url !== undefined) checkUrl(url, "url");
  for (const node of cluster ?? []) if (typeof node === "string") checkUrl(node, "cluster");
  if (redis !== undefined) checkObject(redis, "options.options");
  if (clusterOptions !== undefined) checkObject(clusterOptions, "clusterOptions");
}

/** Checks the options that all ways to open the store share, and that there are none but those named. */
export function checkStoreOptions(options: RedisStoreOptions, known: Readonly<Record<string, true>> = SHARED): void {
  checkOptions(options, known);
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
