import type { WorkflowStatus } from "@waymark/core/store";

/** The number of hash tags. The keys of a tag lie in one slot of a cluster, with a counter of fencing tokens. */
const BUCKETS = 4_096;

/** The keys of one execution. All have one hash tag. */
export interface ExecutionKeys {
  /** A hash: the head. */
  readonly head: string;
  /** A list: the records from `firstSeq` on. */
  readonly records: string;
  /** A hash: the newest fencing token of the bucket. It outlives deletions, so that no token comes twice. */
  readonly tokens: string;
}

/** Names every key that a store uses. */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  execution(id: string): ExecutionKeys {
    const bucket = `${this.#prefix}{${bucketOf(id)}}`;
    const name = encode(id);
    return { head: `${bucket}:head:${name}`, records: `${bucket}:records:${name}`, tokens: `${bucket}:tokens` };
  }

  /** The version of the layout. */
  get layout(): string {
    return `${this.#prefix}layout`;
  }

  definition(hash: string): string {
    return `${this.#prefix}definition:${encode(hash)}`;
  }

  /**
   * A sorted set of all executions. All indexes lie in one slot, so that several are read or changed at one instant.
   */
  get allIndex(): string {
    return this.#index("all");
  }

  statusIndex(status: WorkflowStatus): string {
    return this.#index(`status:${status}`);
  }

  workflowIndex(workflowId: string): string {
    return this.#index(`workflow:${encode(workflowId)}`);
  }

  userIndex(userId: string): string {
    return this.#index(`user:${encode(userId)}`);
  }

  /** Executions that have a `wakeAt`, by their creation: for versions of the store that know no other index of them. */
  get wakeIndex(): string {
    return this.#index("wake");
  }

  /** Executions that have a `wakeAt`, by a lower bound of it. */
  get dueIndex(): string {
    return this.#index("due");
  }

  /** Running executions, by a lower bound of the end of their lease. */
  get leaseIndex(): string {
    return this.#index("lease");
  }

  /** The times at which the indexes of due executions and of leases were last completed from older ones. */
  get completions(): string {
    return this.#index("completions");
  }

  /** Definitions, by the time of their last save. */
  get definitionIndex(): string {
    return this.#index("definitions");
  }

  parentIndex(parentId: string): string {
    return this.#index(`parent:${encode(parentId)}`);
  }

  #index(name: string): string {
    return `${this.#prefix}{index}:${name}`;
  }
}

/** Encodes an id, which may hold anything, without braces, which would name another hash tag, and without colons. */
function encode(id: string): string {
  return encodeURIComponent(id);
}

/**
 * Returns the FNV-1a of an id's UTF-8, folded to three hexadecimal digits. It must never change: stored data depends on
 * it.
 */
function bucketOf(id: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(id)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const bucket = ((hash ^ (hash >>> 12) ^ (hash >>> 24)) >>> 0) % BUCKETS;
  return bucket.toString(16).padStart(3, "0");
}
