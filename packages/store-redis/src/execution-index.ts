import {
  compareIds,
  type ExecutionRecord,
  type ListedExecution,
  type ListQuery,
  type PagePosition,
  type WorkflowStatus,
} from "@waymark/core/store";
import { completeIndex } from "./complete-index.ts";
import type { Connection } from "./connection.ts";
import { HEAD, VOID } from "./execution-scripts.ts";
import { decodeHead, type Head } from "./heads.ts";
import {
  type IndexEntry,
  judgeEntry,
  madeAtMs,
  memberOf,
  parseMember,
  type Removal,
  type StampField,
  type Stamps,
} from "./index-entries.ts";
import { groupByRow, isBeyond, isKnown, matches, type Row, recordIn, startOf } from "./index-rows.ts";
import { INDEX_ADD, INDEX_PAGE, INDEX_RAISE, INDEX_REMOVE, INDEX_SIZES } from "./index-scripts.ts";
import type { Keys } from "./keys.ts";

/** A place of an execution in an index. */
export interface Place {
  /** The index. */
  key: string;
  /** The time that the index is ordered by, or a lower bound of it. */
  time: number;
}

/** The fields that decide in which indexes an execution is from creation to deletion. */
type Lasting = Pick<ExecutionRecord, "workflowId" | "userId" | "parentId">;

/** Options of {@link ExecutionIndex}. */
export interface ExecutionIndexOptions {
  connection: Connection;
  keys: Keys;
  /** Milliseconds for which a creation may be under way before a listing cancels it. Its writer then begins again. */
  unbornGraceMs: number;
  /** Milliseconds between two searches for entries that only a process of the version before has made. */
  completeEveryMs: number;
}

// The largest page, and the row that shows that another page follows.
const MAX_CHUNK = 1_001;

/** The sorted sets by which executions are listed. */
export class ExecutionIndex {
  readonly #connection: Connection;
  readonly #keys: Keys;
  readonly #unbornGraceMs: number;
  readonly #completeEveryMs: number;
  readonly #cleaning = new Set<Promise<void>>();

  constructor({ connection, keys, unbornGraceMs, completeEveryMs }: ExecutionIndexOptions) {
    this.#connection = connection;
    this.#keys = keys;
    this.#unbornGraceMs = unbornGraceMs;
    this.#completeEveryMs = completeEveryMs;
  }

  /** Returns every place of a new execution. */
  placesOf({ createdAt, status, wakeAt, leaseUntil, ...lasting }: ExecutionRecord): Place[] {
    return [
      ...this.lastingKeys(lasting).map((key) => ({ key, time: createdAt })),
      this.statusPlace(status, createdAt),
      ...(status === "running" ? [this.leasePlace(leaseUntil ?? 0)] : []),
      ...(wakeAt === undefined ? [] : this.wakePlaces(createdAt, wakeAt)),
    ];
  }

  /** Returns the indexes that an execution is in from creation to deletion. */
  lastingKeys({ workflowId, userId, parentId }: Lasting): string[] {
    const keys = this.#keys;
    return [
      keys.allIndex,
      keys.workflowIndex(workflowId),
      keys.userIndex(userId),
      ...(parentId === undefined ? [] : [keys.parentIndex(parentId)]),
    ];
  }

  statusPlace(status: WorkflowStatus, createdAt: number): Place {
    return { key: this.#keys.statusIndex(status), time: createdAt };
  }

  leasePlace(leaseUntil: number): Place {
    return { key: this.#keys.leaseIndex, time: leaseUntil };
  }

  wakePlaces(createdAt: number, wakeAt: number): Place[] {
    return [
      { key: this.#keys.wakeIndex, time: createdAt },
      { key: this.#keys.dueIndex, time: wakeAt },
    ];
  }

  /** Returns an execution's entries in the indexes of its status, if any, and of `wakeAt`, unless its stamp is "". */
  entriesOf(id: string, { status, statusStamp, wakeStamp }: Stamps): Removal[] {
    const keys: [string, string][] = [];
    if (status !== undefined) keys.push([this.#keys.statusIndex(status), statusStamp]);
    if (status === "running") keys.push([this.#keys.leaseIndex, statusStamp]);
    if (wakeStamp !== "") keys.push([this.#keys.wakeIndex, wakeStamp], [this.#keys.dueIndex, wakeStamp]);
    return keys.map(([key, stamp]) => ({ key, id, stamp }));
  }

  async add({ id, stamp }: Pick<IndexEntry, "id" | "stamp">, places: readonly Place[]): Promise<void> {
    const keys = places.map(({ key }) => key);
    const times = places.map(({ time }) => String(time));
    await this.#connection.run(INDEX_ADD, keys, [memberOf(id, stamp), ...times]);
  }

  /** Removes entries while the caller continues. If that fails, the next listing does it. */
  removeSoon(entries: readonly Removal[]): void {
    if (entries.length > 0) this.#soon(() => this.#remove(entries));
  }

  /** Waits for the work that `removeSoon` and listings have left to the background. */
  async settled(): Promise<void> {
    while (this.#cleaning.size > 0) await Promise.all(this.#cleaning);
  }

  /** Reads the rows of one page, and one more if another page follows. */
  async rows(query: ListQuery): Promise<ListedExecution[]> {
    return query.sortBy === "createdAt" ? this.#byCreation(query) : this.#byBound(query, query.sortBy);
  }

  async #byCreation(query: ListQuery): Promise<ListedExecution[]> {
    const { keys, field } = await this.#choose(query);
    const found: ListedExecution[] = [];
    if (keys.length === 0) return found;
    let after = startOf(query);
    for (let chunk = Math.min(query.limit + 1, MAX_CHUNK); ; chunk = Math.min(chunk * 2, MAX_CHUNK)) {
      const { now, rows, heads, isLast } = await this.#chunk({ keys, query, limit: chunk, after });
      for (const [at, row] of rows.entries()) {
        const head = heads[at];
        this.#repair(row.entries, { field, head, now });
        if (isBeyond(row, query)) return found;
        const record = head && recordIn(row, head);
        if (record === undefined || !matches(record, query, now)) continue;
        found.push({ record, position: { time: row.time, id: row.id } });
        if (found.length > query.limit) return found;
      }
      if (isLast) return found;
      after = rows.at(-1) ?? after;
    }
  }

  /**
   * Reads the executions whose time has come, in its order.
   *
   * - The index holds lower bounds. A bound that is before its execution's time is raised to it, and the chunk is read
   *   again, so that all rows come in the order of their times.
   */
  async #byBound(query: ListQuery, sortBy: "wakeAt" | "leaseUntil"): Promise<ListedExecution[]> {
    const { dueIndex, leaseIndex, wakeIndex, completions } = this.#keys;
    const { key, from, field, name } =
      sortBy === "wakeAt"
        ? ({ name: "due", key: dueIndex, from: wakeIndex, field: "wakeStamp" } as const)
        : ({ name: "lease", key: leaseIndex, from: this.#keys.statusIndex("running"), field: "statusStamp" } as const);
    if (query.after === undefined) {
      const options = { connection: this.#connection, notes: completions, everyMs: this.#completeEveryMs };
      await completeIndex(options, { name, key, from });
    }
    const found: ListedExecution[] = [];
    let after = query.after;
    for (let chunk = Math.min(query.limit + 1, MAX_CHUNK); ; ) {
      const { now, rows, heads, isLast } = await this.#chunk({ keys: [key], query, limit: chunk, after });
      const raised: string[] = [];
      const some: ListedExecution[] = [];
      for (const [at, { id, time, entries }] of rows.entries()) {
        const head = heads[at];
        this.#repair(entries, { field, head, now });
        if (head === undefined || !isKnown(head.record, sortBy) || !isKnown(head.record, "status")) continue;
        const { [sortBy]: exact } = head.record;
        if (exact === undefined || !entries.some(({ stamp }) => stamp === head[field])) continue;
        if (exact > time) for (const { stamp } of entries) raised.push(memberOf(id, stamp), String(exact));
        else if (matches(head.record, query, now)) some.push({ record: head.record, position: { time, id } });
      }
      if (raised.length > 0) {
        await this.#connection.run(INDEX_RAISE, [key], raised);
        continue;
      }
      found.push(...some);
      if (isLast || found.length > query.limit) return found.slice(0, query.limit + 1);
      after = rows.at(-1) ?? after;
      chunk = Math.min(chunk * 2, MAX_CHUNK);
    }
  }

  /** Chooses the indexes to read: those with the fewest rows that do not match. */
  async #choose(query: ListQuery): Promise<Candidate> {
    const { parentId, workflowId, userId, endedAfter, endedForMs } = query;
    const candidates: Candidate[] = [];
    const hasEnded = endedAfter !== undefined || endedForMs !== undefined;
    const statuses = hasEnded ? ENDED.filter((one) => query.statuses?.includes(one) ?? true) : query.statuses;
    if (statuses !== undefined) {
      const keys = [...new Set(statuses)].map((status) => this.#keys.statusIndex(status));
      if (keys.length === 0) return { keys, field: "statusStamp" };
      candidates.push({ keys, field: "statusStamp" });
    }
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

  /** Reads the next rows of all keys, merged, with their heads. */
  async #chunk({ keys, query, limit, after }: ChunkOptions): Promise<Chunk> {
    const before = query.sortBy === "createdAt" ? String(query.createdBefore ?? "") : "now";
    const [now, ...lists] = await this.#connection.run<[string, ...string[][]]>(INDEX_PAGE, keys, [
      query.order,
      String(limit),
      after === undefined ? "" : String(after.time),
      after?.id ?? "",
      before,
    ]);
    const compare = (a: PagePosition, b: PagePosition) => {
      const order = a.time - b.time || compareIds(a.id, b.id);
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
      // A list that may continue ends here; rows of other lists beyond that come too early.
      if (list.length === 2 * limit && last !== undefined && (end === undefined || compare(last, end) < 0)) end = last;
    }
    entries.sort(compare);
    const bound = end;
    const rows = groupByRow(bound === undefined ? entries : entries.filter((entry) => compare(entry, bound) <= 0));
    return { now: Number(now), rows, heads: await this.#heads(rows), isLast: bound === undefined };
  }

  async #heads(rows: readonly Row[]): Promise<(Head | undefined)[]> {
    const keys = rows.map(({ id }) => this.#keys.execution(id).head);
    const replies = await this.#connection.runEach<string[]>(HEAD, keys);
    return rows.map(({ id }, at) => decodeHead(id, replies[at] ?? []));
  }

  #repair(entries: readonly IndexEntry[], row: { field: StampField; head: Head | undefined; now: number }): void {
    // Entries of a head that cannot be read are kept: nothing else leads to it.
    if (row.head?.record.unreadable !== undefined) return;
    for (const entry of entries) {
      const verdict = judgeEntry(entry.stamp, row.field, row.head);
      if (verdict === "remove") this.removeSoon(this.#twinsOf(entry));
      else if (verdict === "unborn" && row.now - madeAtMs(entry) > this.#unbornGraceMs) {
        this.#soon(async () => {
          const { head, tokens } = this.#keys.execution(entry.id);
          const isVoid = await this.#connection.run<unknown>(VOID, [head, tokens], [entry.stamp]);
          if (Number(isVoid) === 1) await this.#remove(this.#twinsOf(entry));
        });
      }
    }
  }

  /**
   * An entry in an index by time has a twin in the index that this one is completed from; both come and go together.
   */
  #twinsOf(entry: IndexEntry): Removal[] {
    const { dueIndex, wakeIndex, leaseIndex } = this.#keys;
    if (entry.key === dueIndex) return [entry, { ...entry, key: wakeIndex }];
    if (entry.key === leaseIndex) return [entry, { ...entry, key: this.#keys.statusIndex("running") }];
    return [entry];
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

/** Indexes that hold the rows of a query, and maybe others. */
interface Candidate {
  keys: string[];
  field: StampField;
}

interface ChunkOptions {
  keys: string[];
  query: ListQuery;
  limit: number;
  after: PagePosition | undefined;
}

interface Chunk {
  now: number;
  rows: Row[];
  heads: (Head | undefined)[];
  /** True if no row follows. */
  isLast: boolean;
}

const ENDED: readonly WorkflowStatus[] = ["completed", "failed", "cancelled"];
