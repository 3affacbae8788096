import { checkId, checkTime, invalid } from "./checks.ts";

/** Rows in a page of a listing if the caller names no number. */
export const DEFAULT_PAGE_SIZE = 100;
/** The most rows a page of a listing can have. */
export const MAX_PAGE_SIZE = 1_000;
/** Longer than the cursor of any id, in characters. */
const MAX_CURSOR_LENGTH = 8_192;

/** The times that listings are ordered by. */
export type SortKey = "createdAt" | "wakeAt" | "leaseUntil";

/** A row's place in a listing. */
export interface PagePosition {
  /** The time that the listing is ordered by, in milliseconds since the epoch. */
  time: number;
  id: string;
  /** What the driver itself has noted of the place, for a row whose time or id cannot be read. */
  stored?: string;
}

/** Turns the last row of a page into the cursor of the next one. */
export function encodeCursor(sortBy: SortKey, { time, id, stored }: PagePosition): string {
  const place = stored === undefined ? [sortBy, time, id] : [sortBy, time, id, stored];
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Turns a cursor back into the row it was made of. @throws {WorkflowError} INVALID_ARGUMENT */
export function decodeCursor(cursor: unknown, sortBy: SortKey): PagePosition {
  const text = typeof cursor === "string" && cursor.length <= MAX_CURSOR_LENGTH ? cursor : "";
  try {
    const [key, time, id, stored] = JSON.parse(Buffer.from(text, "base64url").toString());
    checkTime(time, "cursor");
    checkId(id, "cursor");
    if (key === sortBy) return typeof stored === "string" ? { time, id, stored } : { time, id };
  } catch {
    // Reported below.
  }
  throw invalid("cursor", "must be the nextCursor of a page of the same listing");
}

/** Compares ids as databases do that order by the bytes of UTF-8 (JavaScript's `<` differs beyond U+FFFF). */
export function compareIds(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
  }
  return a.length - b.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
