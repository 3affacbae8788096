import {
  compareIds,
  type ExecutionRecord,
  type ListQuery,
  type PagePosition,
  type WorkflowStatus,
} from "@waymark/core";
import type { Connection } from "./connection.ts";
import { HEAD, VOID } from "./execution-scripts.ts";
import { decodeHead, type Head } from "./heads.ts";
import { type EntryField, type IndexEntry, judgeEntry, memberOf, parseMember } from "./index-entries.ts";
import { INDEX_ADD, INDEX_PAGE, INDEX_REMOVE, INDEX_SIZES } from "./index-scripts.ts";
import type { Keys } from "./keys.ts";
import { UNBORN_GRACE_MS } from "./unborn-grace.ts";

/** What decides which indexes an execution is in. */
export type Placed = Pick<ExecutionRecord, "status" | "workflowId" | "userId" | "parentId" | "wakeAt">;

/** What tells an entry from all others. */
export type Removal = Pick<IndexEntry, "key" | "id" | "stamp">;

/** How an {@link ExecutionIndex} reaches its data. */
export interface ExecutionIndexOptions {
  connection: Connection;
  keys: Keys;
}

// The largest page, and the row that tells that there is more.
const MAX_CHUNK = 1_001;

/** The sorted sets by which executions are listed. */
export class ExecutionIndex {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #cleaning = new Set<Promise<void>>();

  constructor({ connection, keys }: ExecutionIndexOptions) {
    this.#connection = connection;
    this.#keys = keys;
  }

  /** Every index that an execution is in. */
  keysOf({ status, workflowId, userId, parentId, wakeAt }: Placed): string[] {
    const keys = this.#keys;
    return [
      keys.allIndex,
      keys.statusIndex(status),
      keys.workflowIndex(workflowId),
      keys.userIndex(userId),
      ...(parentId === undefined ? [] : [keys.parentIndex(parentId)]),
      ...(wakeAt === undefined ? [] : [keys.wakeIndex]),
    ];
  }

  /** Its entry in the index of a status, if any, and that in the index of those that have a `wakeAt`, unless "". */
  entriesOf(id: string, { status, entry, wake }: { status?: WorkflowStatus; entry: string; wake: string }): Removal[] {
    const entries: Removal[] = [];
    if (status !== undefined) entries.push({ key: this.#keys.statusIndex(status), id, stamp: entry });
    if (wake !== "") entries.push({ key: this.#keys.wakeIndex, id, stamp: wake });
    return entries;
  }

  async add(keys: readonly string[], entry: Omit<IndexEntry, "key">): Promise<void> {
    await this.#connection.run(INDEX_ADD, keys, [String(entry.createdAt), memberOf(entry.id, entry.stamp)]);
  }

  /** Removes entries while the caller goes on: a failure leaves them to the next listing. */
  removeSoon(entries: readonly Removal[]): void {
    if (entries.length > 0) this.#soon(() => this.#remove(entries));
  }

  /** Waits for what was left to be done soon. */
  async settled(): Promise<void> {
    while (this.#cleaning.size > 0) await Promise.all(this.#cleaning);
  }

  /** One page of heads, and whether more follow. */
  async page(query: ListQuery): Promise<{ records: ExecutionRecord[]; more: boolean }> {
    const { keys, field } = await this.#choose(query);
    const records: ExecutionRecord[] = [];
    if (keys.length === 0) return { records, more: false };
    let after = query.after;
    for (let chunk = Math.min(query.limit + 1, MAX_CHUNK); ; chunk = Math.min(chunk * 2, MAX_CHUNK)) {
      const { now, entries, isLast } = await this.#chunk(keys, query, chunk, after);
      const rows = groupByRow(entries);
      const heads = await this.#heads(rows);
      for (const [at, row] of rows.entries()) {
        const head = heads[at];
        this.#repair(row.entries, { field, head, now });
        const record = head && recordIn(row, head);
        if (record === undefined || !matches(record, query, now)) continue;
        if (records.length === query.limit) return { records, more: true };
        records.push(record);
      }
      if (isLast) return { records, more: false };
      after = rows.at(-1) ?? after;
    }
  }

  /** The indexes to read: those by which the fewest rows are read in vain. */
  async #choose(query: ListQuery): Promise<Candidate> {
    const { parentId, workflowId, userId, leaseExpired, due } = query;
    const candidates: Candidate[] = [];
    const statuses = leaseExpired === true ? ["running" as const] : query.statuses;
    if (statuses !== undefined) {
      const keys = [...new Set(statuses)].map((status) => this.#keys.statusIndex(status));
      if (keys.length === 0) return { keys, field: "entry" };
      candidates.push({ keys, field: "entry" });
    }
    if (due === true) candidates.push({ keys: [this.#keys.wakeIndex], field: "wake" });
    if (parentId !== undefined) candidates.push({ keys: [this.#keys.parentIndex(parentId)], field: undefined });
    if (workflowId !== undefined) candidates.push({ keys: [this.#keys.workflowIndex(workflowId)], field: undefined });
    if (userId !== undefined) candidates.push({ keys: [this.#keys.userIndex(userId)], field: undefined });
    const [first] = candidates;
    if (first === undefined) return { keys: [this.#keys.allIndex], field: undefined };
    if (candidates.length === 1) return first;
    const all = candidates.flatMap(({ keys }) => keys);
    const sizes = await this.#connection.run<unknown[]>(INDEX_SIZES, all, []);
    let best = first;
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of candidates) {
      const size = sizes.splice(0, candidate.keys.length).reduce<number>((sum, one) => sum + Number(one), 0);
      if (size >= least) continue;
      best = candidate;
      least = size;
    }
    return best;
  }

  /** The next entries of all keys, merged. */
  async #chunk(
    keys: string[],
    query: ListQuery,
    limit: number,
    after: PagePosition | undefined,
  ): Promise<{ now: number; entries: IndexEntry[]; isLast: boolean }> {
    const [now, ...lists] = await this.#connection.run<[string, ...string[][]]>(INDEX_PAGE, keys, [
      query.order,
      String(limit),
      after === undefined ? "" : String(after.createdAt),
      after?.id ?? "",
      query.createdBefore === undefined ? "" : String(query.createdBefore),
    ]);
    const compare = (a: PagePosition, b: PagePosition) => {
      const order = a.createdAt - b.createdAt || compareIds(a.id, b.id);
      return query.order === "asc" ? order : -order;
    };
    let end: PagePosition | undefined;
    const entries: IndexEntry[] = [];
    for (const [at, list] of lists.entries()) {
      const key = keys[at] as string;
      for (let i = 0; i < list.length; i += 2) {
        entries.push(parseMember(key, list[i] as string, list[i + 1] as string));
      }
      const last = entries.at(-1);
      // Beyond the end of a list that may go on, the others run ahead of it.
      if (list.length === 2 * limit && last !== undefined && (end === undefined || compare(last, end) < 0)) end = last;
    }
    entries.sort(compare);
    if (end === undefined) return { now: Number(now), entries, isLast: true };
    const bound = end;
    return { now: Number(now), entries: entries.filter((entry) => compare(entry, bound) <= 0), isLast: false };
  }

  async #heads(rows: readonly Row[]): Promise<(Head | undefined)[]> {
    const keys = rows.map(({ id }) => this.#keys.execution(id).head);
    const replies = await this.#connection.runEach<string[]>(HEAD, keys);
    return rows.map(({ id }, at) => decodeHead(id, replies[at] ?? []));
  }

  #repair(entries: readonly IndexEntry[], row: { field: EntryField; head: Head | undefined; now: number }): void {
    // What cannot be read is not judged: its entries are all that leads to it.
    if (row.head?.record.unreadable !== undefined) return;
    for (const entry of entries) {
      const verdict = judgeEntry(entry.stamp, row.field, row.head);
      if (verdict === "remove") this.removeSoon([entry]);
      else if (verdict === "unborn" && row.now - madeAtMs(entry) > UNBORN_GRACE_MS) {
        this.#soon(async () => {
          const { head, tokens } = this.#keys.execution(entry.id);
          const isVoid = await this.#connection.run<unknown>(VOID, [head, tokens], [entry.stamp]);
          if (Number(isVoid) === 1) await this.#remove([entry]);
        });
      }
    }
  }

  async #remove(entries: readonly Removal[]): Promise<void> {
    const keys = entries.map(({ key }) => key);
    const members = entries.map(({ id, stamp }) => memberOf(id, stamp));
    await this.#connection.run(INDEX_REMOVE, keys, members);
  }

  #soon(work: () => Promise<void>): void {
    const done = work()
      .catch(() => {})
      .then(() => {
        this.#cleaning.delete(done);
      });
    this.#cleaning.add(done);
  }
}

/** When an entry was made, at the latest: a token is at least the clock in microseconds. What was imported was created before. */
function madeAtMs({ stamp }: IndexEntry): number {
  return Number.parseInt(stamp, 10) / 1_000;
}

/** Indexes that hold what is asked for, and maybe more. */
interface Candidate {
  keys: string[];
  field: EntryField;
}

interface Row extends PagePosition {
  entries: IndexEntry[];
}

/** Entries of one execution at one time lie beside each other, in one index or in several. */
function groupByRow(entries: readonly IndexEntry[]): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const last = rows.at(-1);
    if (last !== undefined && last.id === entry.id && last.createdAt === entry.createdAt) last.entries.push(entry);
    else rows.push({ id: entry.id, createdAt: entry.createdAt, entries: [entry] });
  }
  return rows;
}

/** The record of a row's execution, if it is that row's: by the time of its creation or, if that cannot be read, a stamp. */
function recordIn({ createdAt, entries }: Row, { record, born, entry, wake }: Head): ExecutionRecord | undefined {
  if (isKnown(record, "createdAt")) return record.createdAt === createdAt ? record : undefined;
  const stamps = [born, entry, wake];
  const isNamed = !stamps.some(Boolean) || entries.some(({ stamp }) => stamps.includes(stamp));
  // The place in the listing is that of the row: the next page begins after it.
  return isNamed ? { ...record, createdAt } : undefined;
}

function isKnown({ unreadable }: ExecutionRecord, field: keyof ExecutionRecord): boolean {
  return unreadable === undefined || !unreadable.includes(field);
}

/** What a filter asks for and the head cannot tell does not match. */
function matches(record: ExecutionRecord, query: ListQuery, now: number): boolean {
  const asked: (keyof ExecutionRecord)[] = [];
  if (query.statuses !== undefined || query.leaseExpired === true) asked.push("status");
  if (query.leaseExpired === true) asked.push("leaseUntil");
  return (
    asked.every((field) => isKnown(record, field)) &&
    (query.statuses === undefined || query.statuses.includes(record.status)) &&
    (query.workflowId === undefined || record.workflowId === query.workflowId) &&
    (query.userId === undefined || record.userId === query.userId) &&
    (query.parentId === undefined || record.parentId === query.parentId) &&
    (query.createdBefore === undefined || record.createdAt < query.createdBefore) &&
    (query.leaseExpired !== true || (record.status === "running" && (record.leaseUntil ?? 0) <= now)) &&
    (query.due !== true || (record.wakeAt !== undefined && record.wakeAt <= now))
  );
}
