import {
  bringsSnapshot,
  type CheckpointRecord,
  type ClaimRequest,
  type CommitRequest,
  claimedHead,
  claimRefusal,
  commitRefusal,
  committedHead,
  createdHead,
  type ExecutionRecord,
  type ExecutionRef,
  type HistoryRange,
  type ListedExecution,
  type ListQuery,
  type NewCheckpoint,
  type NewExecution,
  type Refused,
  type STORE_INTERFACE,
  type StoreDriver,
  type StoredHead,
  selectedNumbers,
} from "@waymark/core/store";
import { ExecutionIndex } from "./execution-index.ts";

interface Entry {
  head: ExecutionRecord;
  /** The records from `head.firstSeq` on. */
  records: CheckpointRecord[];
  initialCheckpointId: string;
  lastClaimId?: string;
  lastCommitId?: string;
}

interface Definition {
  json: string;
  savedAt: number;
}

interface Data {
  executions: Map<string, Entry>;
  index: ExecutionIndex<Entry>;
  definitions: Map<string, Definition>;
  /** The counter of the tokens of all executions, so that an id that is deleted and created again gets new tokens. */
  lastToken: number;
}

/** Keeps executions in maps. Every call does its work before it returns its promise, so calls never interleave. */
export class MemoryDriver implements StoreDriver {
  readonly interfaceVersion: typeof STORE_INTERFACE = 1;
  #now: () => number;
  #data: Data = { executions: new Map(), index: new ExecutionIndex(), definitions: new Map(), lastToken: 0 };

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes this handle use the data and the clock of another handle. */
  share(other: MemoryDriver): void {
    this.#data = other.#data;
    this.#now = other.#now;
  }

  async createExecution(execution: NewExecution): Promise<ExecutionRecord | Refused> {
    const { executions, index } = this.#data;
    const existing = executions.get(execution.id);
    if (existing !== undefined) return this.#refused(existing);
    const head = copyHead(createdHead(execution, ++this.#data.lastToken, this.#now()));
    const records = [recordOf(execution.checkpoint, 0)];
    const entry: Entry = { head, records, initialCheckpointId: execution.checkpoint.id };
    executions.set(execution.id, entry);
    index.add(entry);
    return this.#headOf(entry);
  }

  async readHead(id: string): Promise<StoredHead | undefined> {
    const entry = this.#data.executions.get(id);
    return entry === undefined ? undefined : this.#stored(entry);
  }

  async claimExecution(id: string, request: ClaimRequest): Promise<ExecutionRecord | Refused> {
    const entry = this.#data.executions.get(id);
    const now = this.#now();
    if (entry === undefined || entry.lastClaimId === request.claimId) return this.#refused(entry);
    if (claimRefusal(id, entry.head, request, now) !== undefined) return this.#refused(entry);
    entry.head = copyHead(claimedHead(entry.head, request, ++this.#data.lastToken, now));
    entry.lastClaimId = request.claimId;
    return this.#headOf(entry);
  }

  async commit(id: string, request: CommitRequest): Promise<Refused | undefined> {
    const entry = this.#data.executions.get(id);
    if (entry === undefined || entry.lastCommitId === request.commitId) return this.#refused(entry);
    if (commitRefusal(id, entry.head, request) !== undefined) return this.#refused(entry);
    const { checkpoints = [], dropBefore } = request;
    const { firstSeq, seq } = entry.head;
    if (dropBefore !== undefined && !bringsSnapshot(entry.head, request)) {
      if (entry.records[dropBefore - firstSeq]?.kind !== "snapshot") return this.#refused(entry);
    }
    const head = committedHead(entry.head, request, this.#now());
    entry.head = hasNested(request) ? copyHead(head) : head;
    let number = seq;
    for (const checkpoint of checkpoints) entry.records.push(recordOf(checkpoint, ++number));
    if (head.firstSeq > firstSeq) entry.records.splice(0, head.firstSeq - firstSeq);
    entry.lastCommitId = request.commitId;
    return undefined;
  }

  async isSnapshot(id: string, seq: number): Promise<boolean> {
    const entry = this.#data.executions.get(id);
    return entry?.records[seq - entry.head.firstSeq]?.kind === "snapshot";
  }

  async readRecords(id: string, range: HistoryRange): Promise<CheckpointRecord[] | undefined> {
    const entry = this.#data.executions.get(id);
    if (entry === undefined) return undefined;
    const { firstSeq } = entry.head;
    const { first, last } = selectedNumbers(entry.head, range);
    if (first > last) return [];
    const records = entry.records.slice(first - firstSeq, last - firstSeq + 1).map(copyRecord);
    return range.order === "asc" ? records : records.reverse();
  }

  async listExecutions(query: ListQuery): Promise<ListedExecution[]> {
    const rows = this.#data.index.rows(query, this.#now());
    return rows.map((entry) => ({ record: this.#headOf(entry) }));
  }

  async saveDefinition(hash: string, json: string): Promise<void> {
    const { definitions } = this.#data;
    definitions.set(hash, { json: definitions.get(hash)?.json ?? json, savedAt: this.#now() });
  }

  async readDefinition(hash: string): Promise<string | undefined> {
    return this.#data.definitions.get(hash)?.json;
  }

  async deleteUnusedDefinitions(olderThanMs: number): Promise<number> {
    const { definitions, executions } = this.#data;
    const used = new Set([...executions.values()].map(({ head }) => head.definitionHash));
    const before = this.#now() - olderThanMs;
    const unused = [...definitions].filter(([hash, { savedAt }]) => savedAt <= before && !used.has(hash));
    for (const [hash] of unused) definitions.delete(hash);
    return unused.length;
  }

  async deleteExecutions(refs: readonly ExecutionRef[]): Promise<number> {
    const { executions, index } = this.#data;
    let deleted = 0;
    for (const { id, version, token } of refs) {
      const entry = executions.get(id);
      if (entry === undefined || (version ?? entry.head.version) !== entry.head.version) continue;
      if (token !== undefined && entry.head.token !== token) continue;
      executions.delete(id);
      index.remove(entry);
      deleted += 1;
    }
    return deleted;
  }

  /** Does nothing: the data is freed with the last handle. */
  async close(): Promise<void> {}

  #refused(entry: Entry | undefined): Refused {
    return { refused: true, head: entry === undefined ? null : this.#stored(entry) };
  }

  #stored(entry: Entry): StoredHead {
    const { initialCheckpointId, lastClaimId, lastCommitId } = entry;
    return { record: this.#headOf(entry), initialCheckpointId, lastClaimId, lastCommitId };
  }

  #headOf({ head }: Entry): ExecutionRecord {
    return copyHead(head, this.#now());
  }
}

/** Returns whether a commit puts objects of the caller into the head. */
function hasNested({ head }: CommitRequest): boolean {
  return head !== undefined && ((head.failure ?? undefined) !== undefined || (head.waiting ?? undefined) !== undefined);
}

/** Copies a head. Only a nested field needs a deep copy; most heads have none. */
function copyHead(head: ExecutionRecord, readAt = head.readAt): ExecutionRecord {
  const copy = { ...head, readAt };
  if (head.failure !== undefined) copy.failure = structuredClone(head.failure);
  if (head.waiting !== undefined) copy.waiting = structuredClone(head.waiting);
  if (head.metadata !== undefined) copy.metadata = structuredClone(head.metadata);
  return copy;
}

function copyRecord(record: CheckpointRecord): CheckpointRecord {
  return recordOf(record, record.seq);
}

function recordOf(checkpoint: NewCheckpoint, seq: number): CheckpointRecord {
  const { id, kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs, payload, timestamp, error } = checkpoint;
  // biome-ignore format: one line per field would not be clearer
  const record: CheckpointRecord = { id, seq, kind, nodeId, nodeName, visit, stepNumber, attempt, durationMs, payload, timestamp };
  if (error !== undefined) record.error = structuredClone(error);
  return record;
}
