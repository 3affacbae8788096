import { WorkflowError } from "@waymark/core";
import { checkAddress, checkNames } from "@waymark/core/store";
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
export const DEFAULT_TIMEOUT_MS = 15_000;
/** The longest time that Node's timers can wait, in milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;
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
    throw invalid("url", "is missing; give `url`, `options` or `cluster`");
  }
  if (cluster !== undefined) {
    if (url !== undefined || redis !== undefined) {
      throw invalid("cluster", "goes with `clusterOptions` only, not with `url` or `options`");
    }
    if (!Array.isArray(cluster) || cluster.length === 0) throw invalid("cluster", "must list at least one node");
  } else if (clusterOptions !== undefined) {
    throw invalid("clusterOptions", "goes with `cluster` only");
  }
  if (url !== undefined) checkUrl(url, "url");
  for (const node of cluster ?? []) if (typeof node === "string") checkUrl(node, "cluster");
  if (redis !== undefined) checkObject(redis, "options.options");
  if (clusterOptions !== undefined) checkObject(clusterOptions, "clusterOptions");
}

/** Checks the options that all ways to open the store share, and that there are none but those named. */
export function checkStoreOptions(options: RedisStoreOptions, known: Readonly<Record<string, true>> = SHARED): void {
  checkObject(options, "options");
  checkNames(options, new Set(Object.keys(known)), "options");
  const { keyPrefix, durable, maxPayloadBytes, onWarning } = options;
  if (keyPrefix !== undefined && (typeof keyPrefix !== "string" || !/^[^{}\0]*$/.test(keyPrefix))) {
    throw invalid("keyPrefix", "must be text without braces, which would decide where a cluster puts the keys");
  }
  if (keyPrefix?.isWellFormed() === false) throw invalid("keyPrefix", "must be well-formed Unicode");
  if (durable !== undefined && typeof durable !== "boolean") throw invalid("durable", "must be true or false");
  if (onWarning !== undefined && typeof onWarning !== "function") throw invalid("onWarning", "must be a function");
  checkPositive(options.endedTtlMs, "endedTtlMs");
  checkPositive(options.timeoutMs, "timeoutMs", MAX_TIMEOUT_MS);
  checkPositive(maxPayloadBytes, "maxPayloadBytes");
  if (maxPayloadBytes !== undefined && maxPayloadBytes > LARGEST_PAYLOAD_BYTES) {
    throw invalid("maxPayloadBytes", `must be at most ${LARGEST_PAYLOAD_BYTES}, what Redis takes`);
  }
}

function checkPositive(value: unknown, name: string, most: number = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most))
    return;
  throw invalid(name, `must be a whole number from 1 to ${most}`);
}

function checkObject(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(name, "must be an object");
}

/** Checks an address, or the path of a socket. */
function checkUrl(url: unknown, name: string): void {
  if (typeof url === "string" && url.startsWith("/")) return;
  checkAddress(url, name, ["redis", "rediss"]);
  try {
    const { username, password } = new URL(url);
    decodeURIComponent(username + password);
  } catch {
    throw invalid(name, "is no address; user and password must be percent-encoded (encodeURIComponent)");
  }
}

function invalid(name: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${name} ${problem}.`, { details: { argument: name } });
}
