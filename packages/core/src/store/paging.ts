import { checkId, checkTime, invalid } from "./checks.ts";

/** The most rows in a page of a listing if the caller gives no `limit`. */
export const DEFAULT_PAGE_SIZE = 100;
/** The most rows that a page of a listing can have. */
export const MAX_PAGE_SIZE = 1_000;
/** The longest cursor that is decoded, in characters. The cursors of all ids are shorter. */
const MAX_CURSOR_LENGTH = 8_192;

/** The field by which a listing is ordered. */
export type SortKey = "createdAt" | "wakeAt" | "leaseUntil";

/** A row's place in a listing. */
export interface PagePosition {
  /** The time by which the listing is ordered, in milliseconds since the epoch. */
  time: number;
  id: string;
  /** The driver's own note of the place, for a row whose time or id cannot be read. */
  stored?: string;
}

/** Makes the cursor of the next page from the last row of a page. */
export function encodeCursor(sortBy: SortKey, { time, id, stored }: PagePosition): string {
  const place = stored === undefined ? [sortBy, time, id] : [sortBy, time, id, stored];
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Returns the row from which a cursor was made. @throws {WorkflowError} INVALID_ARGUMENT */
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

/**
 * Compares ids by their UTF-8 bytes, as databases do (JavaScript's `<` orders characters beyond U+FFFF differently).
 */
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
