import { randomUUID } from "node:crypto";
import type { Collection, Db, Document } from "mongodb";

/*
 * The statements of the version before, as it sent them: a process that still runs it works on the same data. They are kept
 * as they were, whatever the store does now.
 */

type Documents = Collection<Document & { _id: string }>;
type KeptRecord = Document & { seq: number };

const INDEXES_OF_BEFORE = [
  { name: "created", key: { listedAt: 1, id: 1 }, partialFilterExpression: { listedAt: { $exists: true } } },
  {
    name: "workflow",
    key: { workflowId: 1, listedAt: 1, id: 1 },
    partialFilterExpression: { listedAt: { $exists: true } },
  },
  { name: "user", key: { userId: 1, listedAt: 1, id: 1 }, partialFilterExpression: { listedAt: { $exists: true } } },
  {
    name: "status",
    key: { status: 1, createdAt: 1, id: 1 },
    partialFilterExpression: { createdAt: { $exists: true } },
  },
  { name: "wake", key: { wakeAt: 1 }, partialFilterExpression: { wakeAt: { $exists: true } } },
  {
    name: "deleted",
    key: { forgetAt: 1 },
    partialFilterExpression: { forgetAt: { $exists: true } },
    expireAfterSeconds: 0,
  },
];

const NOW = { $toLong: "$$NOW" };
const IS_TOKEN = { $and: [{ $gte: ["$token", 0] }, { $lt: ["$token", 9_007_199_254_740_991] }] };
const NEW_TOKEN = { $max: [{ $add: [{ $toLong: { $cond: [IS_TOKEN, "$token", 0] } }, 1] }, NOW] };
const WITHOUT_TAIL = { projection: { tail: 0 } };
/** Of a tail, and of a segment. */
const [MAX_TAIL_RECORDS, MAX_TAIL_LENGTH, MAX_SEGMENT_RECORDS] = [8, 8_192, 64];

function recordOf(seq: number, commitId: string, { id, payload }: { id: string; payload: string }) {
  return {
    ...{ seq, kind: seq === 0 ? "snapshot" : "delta", commitId, checkpointId: id, nodeId: "n1", nodeName: "Node 1" },
    ...{ stepNumber: 1, attempt: 1, durationMs: 1.5, payload, timestamp: 1_700_000_000_000 },
  };
}

const lengthOf = ({ payload = "", nodeId = "", nodeName = "" }: Document) =>
  payload.length + nodeId.length + nodeName.length;
const digits = (seq: number) => String(seq).padStart(16, "0");

/** A process of the version before, as far as it works on one execution. */
export class ProcessOfBefore {
  readonly #documents: Documents;
  readonly #db: Db;
  readonly #id: string;

  constructor({ db, documents, id }: { db: Db; documents: Documents; id: string }) {
    this.#db = db;
    this.#documents = documents;
    this.#id = id;
  }

  async setUp(): Promise<void> {
    await this.#db.command({ createIndexes: this.#documents.collectionName, indexes: INDEXES_OF_BEFORE });
  }

  async create(changes: { leaseMs: number; definitionHash?: string }): Promise<void> {
    const { leaseMs, definitionHash = "h" } = changes;
    const id = this.#id;
    const incarnation = randomUUID();
    const now = Date.now();
    const entry = { incarnation, token: 0, id, listedAt: now, workflowId: "w1", userId: "u1" };
    const fields = {
      ...{ incarnation, createdAt: now, updatedAt: now, bornAt: now, id: { $literal: id }, _id: { $literal: id } },
      ...{ executionId: { $literal: id }, workflowId: { $literal: "w1" }, userId: { $literal: "u1" } },
      ...{ status: { $literal: "running" }, currentStep: 0, totalSteps: 3, owner: { $literal: "before" } },
      ...{ leaseUntil: now + leaseMs, definitionHash: { $literal: definitionHash } },
      ...{ initialCheckpointId: { $literal: "initial" }, version: 0, seq: 0, snapshotSeq: 0, firstSeq: 0 },
      ...{ checkpointsCount: 0 },
    };
    const tail = { $literal: { tail: [recordOf(0, "initial", { id: "initial", payload: "{}" })] } };
    const token = { token: NEW_TOKEN, firstToken: NEW_TOKEN };
    await this.#update([
      { q: { _id: `${id}\0${incarnation}\0`, executionId: id }, u: { $setOnInsert: entry }, upsert: true },
      {
        q: { _id: id, executionId: id, deletedBy: { $exists: true }, incarnation: { $ne: incarnation } },
        u: [{ $replaceWith: { $mergeObjects: [fields, token, tail] } }],
        upsert: true,
      },
    ]);
  }

  /** Reads the head, as before each of the others. */
  async head(): Promise<Document> {
    const id = this.#id;
    const stages = [{ $match: { _id: id, executionId: id } }, { $limit: 1 }, { $set: { now: NOW } }];
    return (await this.#documents.aggregate(stages).toArray())[0] as Document;
  }

  /** Claims it from whatever status it has. */
  async claim(claimId: string, leaseMs: number): Promise<boolean> {
    const { token, version, now } = await this.head();
    const set = { status: "running", token: token + 1, updatedAt: now, leaseUntil: now + leaseMs };
    const literals = { lastClaimId: { $literal: claimId }, owner: { $literal: "before" } };
    const removed = ["wakeAt", "failureJson", "endedAt", "expiresAt", "forgetAt", "sweepingSince"];
    const u = [{ $set: { ...set, ...literals } }, { $unset: removed }];
    return (await this.#update([{ q: { _id: this.#id, executionId: this.#id, token, version }, u }])) === 1;
  }

  /** Commits one record on top of a head that was read. */
  async commit(
    base: Document,
    checkpoint: { id: string; payload: string },
    change: { status?: string; wakeAt?: number; leaseMs?: number } = {},
  ): Promise<boolean> {
    const id = this.#id;
    const { incarnation, token, version, seq, checkpointsCount } = base;
    const { leaseMs, ...head } = change;
    const tail = base.tail as KeptRecord[];
    const whole = recordOf(seq + 1, `commit of ${checkpoint.id}`, checkpoint);
    const part = `${id}\0${incarnation}\0${digits(seq + 1)}\0${randomUUID()}`;
    const { kind, commitId, seq: _seq, ...content } = whole;
    const isLarge = lengthOf(whole) > MAX_TAIL_LENGTH;
    const record = isLarge ? { seq: seq + 1, kind, commitId, large: part } : whole;
    const length = tail.reduce((sum, one) => sum + lengthOf(one), lengthOf(record));
    const isFull = tail.length >= MAX_TAIL_RECORDS || length > MAX_TAIL_LENGTH;
    const statements: Document[] = [];
    if (isFull) statements.push(this.#segment(base, tail));
    if (isLarge) {
      const u = { $setOnInsert: { token, seq: seq + 1, ...content } };
      statements.push({ q: { _id: part, executionId: id }, u, upsert: true });
    }
    const set: Document = {
      ...{ updatedAt: NOW, lastCommitId: { $literal: commitId }, version: version + 1, seq: seq + 1 },
      ...{ checkpointsCount: checkpointsCount + 1, ...head },
      tail: isFull ? { $literal: [record] } : { $concatArrays: ["$tail", { $literal: [record] }] },
    };
    if (leaseMs !== undefined) set.leaseUntil = { $add: [NOW, leaseMs] };
    if (head.status === "failed") set.endedAt = NOW;
    const released = head.status === undefined ? [] : [{ $unset: ["owner", "leaseUntil"] }];
    const q = { _id: id, executionId: id, token, version, tail: { $size: tail.length } };
    statements.push({ q, u: [{ $set: set }, ...released] });
    return (await this.#update(statements)) === statements.length;
  }

  #segment({ incarnation, token }: Document, records: KeptRecord[]): Document {
    const [first, last] = [records[0]?.seq ?? 0, records.at(-1)?.seq ?? 0];
    const isOlder = { $lt: [{ $ifNull: ["$token", -1] }, token] };
    const set = {
      ...{ first: { $literal: first }, records: { $literal: records }, token: { $max: ["$token", token] } },
      forgetAt: { $cond: [isOlder, "$$REMOVE", "$forgetAt"] },
    };
    const _id = `${this.#id}\0${incarnation}\0${digits(last)}\0${digits(first)}`;
    return { q: { _id, executionId: this.#id }, u: [{ $set: set }], upsert: true };
  }

  /** Reads the ids of records, as it put them together: all from one number to another, or nothing. */
  async readIds(from: number, to = Number.MAX_SAFE_INTEGER): Promise<string[] | undefined> {
    const { incarnation, tail, seq } = await this.head();
    const last = Math.min(to, seq);
    const prefix = `${this.#id}\0${incarnation}\0`;
    const range = { $gte: `${prefix}${digits(from)}\0`, $lt: `${prefix}${digits(last + MAX_SEGMENT_RECORDS + 1)}\0` };
    const begins = [{ first: { $lte: last } }, { seq: { $lte: last } }];
    const parts = await this.#documents.find({ _id: range, executionId: this.#id, $or: begins }).toArray();
    const large = new Map(parts.map((part) => [part._id, part]));
    const records = [...parts.flatMap((part) => part.records ?? []), ...tail] as KeptRecord[];
    const bySeq = new Map(records.map((record) => [record.seq, record]));
    const ids: string[] = [];
    for (let at = from; at <= last; at++) {
      const record = bySeq.get(at);
      const content = record?.large === undefined ? record : large.get(record.large);
      if (content === undefined) return undefined;
      ids.push(content.checkpointId);
    }
    return ids;
  }

  /** Lists the ids of executions by a time that has come. */
  async listIds(filter: { due?: true; leaseExpired?: true }): Promise<string[]> {
    const now = Date.now();
    const lapsed = { status: "running", leaseUntil: { $lte: now } };
    const conditions = [{ createdAt: { $gte: 0 } }, filter.due === true ? { wakeAt: { $lte: now } } : lapsed];
    const hint = filter.due === true ? { hint: "wake" } : {};
    const found = this.#documents.find({ $and: conditions }, { ...WITHOUT_TAIL, ...hint });
    return (await found.sort({ createdAt: -1, id: -1 }).toArray()).map(({ _id }) => _id);
  }

  async #update(updates: Document[]): Promise<number> {
    const writeConcern = { w: "majority", j: true };
    const command = { update: this.#documents.collectionName, updates, ordered: true, writeConcern };
    const { n, writeErrors } = await this.#db.command(command);
    return writeErrors === undefined ? n : 0;
  }
}
