import { compareIds, type ExecutionRecord, type ListQuery } from "@waymark/core";

/** What the index needs to know of an execution. The key (`createdAt`, `id`) never changes; the rest of the head may. */
export interface Indexed {
  head: ExecutionRecord;
}

/**
 * Executions in the order of a listing: by `createdAt`, then by the bytes of the id's UTF-8.
 *
 * - A sorted array: a listing starts by binary search and an insertion goes to the end as long as the clock rises.
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

  /** One page, and whether more rows follow it. */
  page(query: ListQuery, now: number): { entries: Entry[]; more: boolean } {
    const found: Entry[] = [];
    const step = query.order === "asc" ? 1 : -1;
    for (let at = this.#start(query); at >= 0 && at < this.#entries.length; at += step) {
      const entry = this.#entries[at] as Entry;
      if (!matches(entry.head, query, now)) continue;
      if (found.length === query.limit) return { entries: found, more: true };
      found.push(entry);
    }
    return { entries: found, more: false };
  }

  #start({ after, order, createdBefore }: ListQuery): number {
    if (order === "asc") {
      if (after === undefined) return 0;
      const at = this.#firstNotBefore(after.createdAt, after.id);
      const entry = this.#entries[at];
      const isItself = entry !== undefined && compare(entry.head, after.createdAt, after.id) === 0;
      return isItself ? at + 1 : at;
    }
    const end = after === undefined ? this.#entries.length : this.#firstNotBefore(after.createdAt, after.id);
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

function matches(head: ExecutionRecord, query: ListQuery, now: number): boolean {
  return (
    (query.statuses === undefined || query.statuses.includes(head.status)) &&
    (query.workflowId === undefined || head.workflowId === query.workflowId) &&
    (query.userId === undefined || head.userId === query.userId) &&
    (query.parentId === undefined || head.parentId === query.parentId) &&
    (query.createdBefore === undefined || head.createdAt < query.createdBefore) &&
    (query.leaseExpired !== true || (head.status === "running" && (head.leaseUntil ?? 0) <= now)) &&
    (query.due !== true || (head.wakeAt !== undefined && head.wakeAt <= now))
  );
}
