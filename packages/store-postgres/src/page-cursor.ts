import { type ExecutionRecord, encodeCursor, MAX_ID_BYTES, type PagePosition, WorkflowError } from "@waymark/core";
import type { Row } from "./database.ts";

/** A row's place in a listing, as it is stored. */
export interface StoredPosition {
  /** Milliseconds since the epoch; as text if that is out of the range of times. */
  createdAt: number | string;
  id: string;
}

/** Stands for what a cursor of core's cannot hold. */
const UNREADABLE: PagePosition = { createdAt: 0, id: "?" };

/**
 * Makes the cursor of the next page from the last row of a page.
 *
 * - A row whose time or id is damaged has its place by what is stored, so that a page can end with it.
 */
export function cursorAfter(row: Row, record: ExecutionRecord): string {
  const isTimeReadable = record.unreadable?.includes("createdAt") !== true;
  const { created_at_ms: createdAt, id = "" } = row;
  if (isTimeReadable && id !== null && id !== "" && Buffer.byteLength(id) <= MAX_ID_BYTES) return encodeCursor(record);
  const position = [UNREADABLE.createdAt, UNREADABLE.id, createdAt, id];
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** Reads a cursor that core's checks have let through. @throws {WorkflowError} INVALID_ARGUMENT */
export function positionAfter(
  cursor: string | undefined,
  position: PagePosition | undefined,
): StoredPosition | undefined {
  if (cursor === undefined || position?.id !== UNREADABLE.id) return position;
  const [, , createdAt, id] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as unknown[];
  if (createdAt === undefined && id === undefined) return position;
  if (!isBigint(createdAt) || typeof id !== "string" || id.includes("\0") || !id.isWellFormed()) {
    throw new WorkflowError("INVALID_ARGUMENT", "cursor must be the nextCursor of a page.", {
      details: { argument: "cursor" },
    });
  }
  return { createdAt, id };
}

function isBigint(value: unknown): value is string {
  return typeof value === "string" && /^-?\d{1,19}$/.test(value) && BigInt(value) === BigInt.asIntN(64, BigInt(value));
}
