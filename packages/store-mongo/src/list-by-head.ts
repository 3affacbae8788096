import type { ListedExecution, PagePosition } from "@waymark/core/store";
import type { Document } from "mongodb";
import type { Call } from "./call.ts";
import { type HeadDocument, type LiveHead, NOW } from "./documents.ts";
import { behindLast, inPlace, ofOrigin, ofPresence, ofState, orderBy, type TimedQuery } from "./listing-conditions.ts";
import { isTime, toRecord } from "./stored-head.ts";

/** The most documents that are read at a time if some of them may not match. */
export const MAX_BATCH = 4_000;

/** An execution in a listing, and its place in the order. */
export type Row = Required<ListedExecution>;

interface HeadOrder {
  /** The field by whose time the listing is ordered. */
  field: "createdAt" | "wakeAt" | "leaseBound";
  /** The index to use, if it is known to exist. */
  hint?: string;
  /** Prepares what was read, and returns whether it has changed some of it, so that it must be read again. */
  prepare?(heads: readonly LiveHead[]): Promise<boolean>;
}

/** Reads the rows of one page by their heads alone, and one more if another page follows. */
export async function listByHead(
  call: Call,
  collection: string,
  query: TimedQuery,
  { field, hint, prepare }: HeadOrder,
): Promise<Row[]> {
  const conditions = [...ofOrigin(query), ...ofState(query), ...ofPresence(query)];
  const found = new Map<string, Row>();
  let place = inPlace(query, field);
  for (let limit = query.limit + 1; ; limit *= 2) {
    const options = { sort: orderBy(query, field), limit, ...(hint !== undefined && { hint }) };
    const heads = await readHeads<LiveHead>(call, collection, { $and: [...place, ...conditions] }, options);
    if (await prepare?.(heads)) {
      limit = Math.min(limit, MAX_BATCH);
      continue;
    }
    const sound = heads.filter((head) => head.id === head._id && isTime(head[field]));
    const rows = sound.map((head) => rowAt(head, { time: Number(head[field]), id: head.id }));
    for (const row of rows) found.set(row.position.id, row);
    if (heads.length < limit || found.size > query.limit) return [...found.values()].slice(0, query.limit + 1);
    // Some did not match.
    const last = rows.at(-1);
    if (last !== undefined) place = behindLast(query, last.position, field);
  }
}

/** Reads heads without their tails, and the server's clock. */
export async function readHeads<Head extends HeadDocument>(
  call: Call,
  collection: string,
  filter: Document,
  { sort, limit, ...options }: { sort?: Record<string, 1 | -1>; limit?: number; hint?: string } = {},
): Promise<Head[]> {
  const stages: Document[] = [{ $match: filter }];
  if (sort !== undefined) stages.push({ $sort: sort });
  if (limit !== undefined) stages.push({ $limit: limit });
  stages.push({ $project: { tail: 0 } }, { $set: { now: NOW } });
  return call.aggregate<Head>(collection, stages, options);
}

/** Makes a row of a head that was found at a place in the order. */
export function rowAt(head: LiveHead, position: PagePosition): Row {
  return { record: toRecord(head), position };
}
