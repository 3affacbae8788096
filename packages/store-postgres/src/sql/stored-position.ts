import { WorkflowError } from "@waymark/core";
import {
  type ExecutionRecord,
  type ListedExecution,
  MAX_ID_BYTES,
  type PagePosition,
  type SortKey,
} from "@waymark/core/store";
import type { Row } from "../database.ts";
import { rowToRecord } from "./rows.ts";

/** A row's place in a listing, as it is stored. */
export interface StoredPosition {
  /** Milliseconds since the epoch, as text if they are out of the range of times. */
  time: number | string;
  id: string;
  /** The order of the listing's pages so far, if it is one of lapsed leases and not the usual one. */
  leases?: LeaseOrder;
}

/** The order of lapsed leases: by the bounds of their ends, which have an index, or by the ends themselves. */
export type LeaseOrder = "bound" | "end";

/**
 * Reads a row of a listing.
 *
 * - If the row's time or id is damaged, its place is the stored text, so that a page can end with it.
 */
export function rowToListed(row: Row, sortBy: SortKey, leases: LeaseOrder = "bound"): ListedExecution {
  const record = rowToRecord(row);
  const { sorted_by: time, id } = row;
  const isUsual = leases === "bound" && isReadable(record, sortBy);
  if (isUsual && id !== null && Buffer.byteLength(id ?? "") <= MAX_ID_BYTES) return { record };
  return { record, position: { time: 0, id: "?", stored: JSON.stringify([time, id ?? "", leases]) } };
}

/** Reads the place after which a page starts. @throws {WorkflowError} INVALID_ARGUMENT */
export function storedPosition({ time, id, stored }: PagePosition): StoredPosition {
  if (stored === undefined) return { time, id };
  try {
    const [storedTime, storedId, leases] = JSON.parse(stored) as unknown[];
    const isText = typeof storedId === "string" && !storedId.includes("\0") && storedId.isWellFormed();
    if (isBigint(storedTime) && isText && (leases === "bound" || leases === "end")) {
      return { time: storedTime, id: storedId, leases };
    }
  } catch {
    // Reported below.
  }
  throw new WorkflowError("INVALID_ARGUMENT", "cursor must be the nextCursor of a page.", {
    details: { argument: "cursor" },
  });
}

function isReadable({ unreadable = [] }: ExecutionRecord, sortBy: SortKey): boolean {
  return !unreadable.includes("id") && !unreadable.includes(sortBy);
}

function isBigint(value: unknown): value is string {
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) && BigInt(value) === BigInt.asIntN(64, BigInt(value));
}
