import { compareIds, type ExecutionRecord, type ListQuery, matchesQuery } from "@waymark/core/store";

/** An entry of the index. Its key (`createdAt`, `id`) never changes; the other fields of the head may. */
export interface Indexed {
  head: ExecutionRecord;
}

/**
 * Executions in the order of a listing: by `createdAt`, then by the UTF-8 bytes of the id.
 *
 * - A sorted array. A listing finds its start by binary search. As long as the clock rises, new entries go to the end.
 */
export class ExecutionIndex<Entry extends Indexed> {
  readonly #entries: Entry[] = [];

  add(entry: Entry): void {
    const { createdAt, id } = entry.head;
    this.#entries.splice(this.#firstNotBefore(createdAt, id), 0, entry);
  }

  remove(entry: Entry): void {
    const { createdAt, id } = entry.head;
    this.#entries.splice(this.#firstNotBefore(createdAt, id), 1);
  }

  /** Returns the rows of one page, and one more row if there is one. */
  rows(query: ListQuery, now: number): Entry[] {
    return query.sortBy === "createdAt" ? this.#inOrder(query, now) : this.#byTime(query, query.sortBy, now);
  }

  #inOrder(query: ListQuery, now: number): Entry[] {
    const found: Entry[] = [];
    const step = query.order === "asc" ? 1 : -1;
    for (let at = this.#start(query); at >= 0 && at < this.#entries.length; at += step) {
      const entry = this.#entries[at] as Entry;
      if (!matchesQuery(entry.head, query, now)) continue;
      found.push(entry);
      if (found.length > query.limit) break;
    }
    return found;
  }

  /** Returns a page ordered by a time that changes. It sorts all matching entries, whose number memory limits. */
  #byTime(query: ListQuery, sortBy: "wakeAt" | "leaseUntil", now: number): Entry[] {
    const { after, limit } = query;
    const timeOf = ({ head }: Entry) => head[sortBy] ?? 0;
    return this.#entries
      .filter((entry) => matchesQuery(entry.head, query, now))
      .filter((entry) => after === undefined || (timeOf(entry) - after.time || compareIds(entry.head.id, after.id)) > 0)
      .sort((a, b) => timeOf(a) - timeOf(b) || compareIds(a.head.id, b.head.id))
      .slice(0, limit + 1);
  }

  #start({ after, order, createdBefore }: ListQuery): number {
    if (order === "asc") {
      if (after === undefined) return 0;
      const at = this.#firstNotBefore(after.time, after.id);
      const entry = this.#entries[at];
      const isItself = entry !== undefined && compare(entry.head, after.time, after.id) === 0;
      return isItself ? at + 1 : at;
    }
    const end = after === undefined ? this.#entries.length : this.#firstNotBefore(after.time, after.id);
    return createdBefore === undefined ? end - 1 : Math.min(end, this.#firstNotBefore(createdBefore, "")) - 1;
  }

  #firstNotBefore(createdAt: number, id: string): number {
    let low = 0;
    let high = this.#entries.length;
    const last = this.#entries[high - 1];
    if (last === undefined || compare(last.head, createdAt, id) < 0) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare((this.#entries[middle] as Entry).head, createdAt, id) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(head: ExecutionRecord, createdAt: number, id: string): number {
  return head.createdAt - createdAt || compareIds(head.id, id);
}
