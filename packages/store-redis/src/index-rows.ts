import { type ExecutionRecord, type ListQuery, matchesQuery, type PagePosition } from "@waymark/core/store";
import type { Head } from "./heads.ts";
import type { IndexEntry } from "./index-entries.ts";

/** The entries of one execution at one place of a listing. */
export interface Row extends PagePosition {
  entries: IndexEntry[];
}

/** Returns the position after which a listing by creation begins. */
export function startOf({ after, order, createdAfter }: ListQuery): PagePosition | undefined {
  if (after !== undefined || order === "desc" || createdAfter === undefined) return after;
  return { time: createdAfter + 1, id: "" };
}

/** Returns whether a row and all that follow it, newest first, were created too early. */
export function isBeyond({ time }: Row, { order, createdAfter }: ListQuery): boolean {
  return order === "desc" && createdAfter !== undefined && time <= createdAfter;
}

/** Groups entries by row. Those of one execution at one time lie beside each other, in one index or in several. */
export function groupByRow(entries: readonly IndexEntry[]): Row[] {
  const rows: Row[] = [];
  for (const entry of entries) {
    const last = rows.at(-1);
    if (last !== undefined && last.id === entry.id && last.time === entry.time) last.entries.push(entry);
    else rows.push({ id: entry.id, time: entry.time, entries: [entry] });
  }
  return rows;
}

/**
 * Returns a head's record if it belongs to the row: by the time of its creation or, if that cannot be read, a stamp.
 */
export function recordIn(
  { time, entries }: Row,
  { record, creationStamp, statusStamp, wakeStamp }: Head,
): ExecutionRecord | undefined {
  if (isKnown(record, "createdAt")) return record.createdAt === time ? record : undefined;
  const stamps = [creationStamp, statusStamp, wakeStamp];
  const isNamed = !stamps.some(Boolean) || entries.some(({ stamp }) => stamps.includes(stamp));
  // The place in the listing is that of the row: the next page begins after it.
  return isNamed ? { ...record, createdAt: time } : undefined;
}

export function isKnown({ unreadable }: ExecutionRecord, field: keyof ExecutionRecord): boolean {
  return unreadable === undefined || !unreadable.includes(field);
}

/** Returns whether a head matches a query. A field that the query needs and that cannot be read does not match. */
export function matches(record: ExecutionRecord, query: ListQuery, now: number): boolean {
  const asked: (keyof ExecutionRecord)[] = [];
  if (query.statuses !== undefined || query.sortBy !== "createdAt") asked.push("status");
  if (query.leaseExpired === true) asked.push("leaseUntil");
  if (query.endedAfter !== undefined || query.endedForMs !== undefined) asked.push("endedAt");
  return asked.every((field) => isKnown(record, field)) && matchesQuery(record, query, now);
}
