import { WorkflowError } from "@waymark/core";
import { type HistoryRange, quoted } from "@waymark/core/store";
import type { Row } from "../database.ts";

/** The numbers of an execution's records, by its head, under these names in a row. */
export const RANGE_COLUMNS = "e.first_seq AS head_first_seq, e.seq AS head_seq";

/**
 * Checks that the rows are the records that the head speaks of: all that were asked for, without a gap, and no others.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export function assertComplete(id: string, rows: readonly Row[], range: HistoryRange): void {
  const [first, last] = [Number(rows[0]?.head_first_seq), Number(rows[0]?.head_seq)];
  if (!isCount(first) || !isCount(last)) throw corrupt(id, "its head does not say which records it has");
  const lowest = Math.max(range.from, first);
  const highest = Math.min(range.to, last);
  const expected = Math.min(Math.max(highest - lowest + 1, 0), range.limit ?? Number.POSITIVE_INFINITY);
  const numbers = rows.flatMap(({ seq }) => (seq === null ? [] : [Number(seq)]));
  const [start, step] = range.order === "asc" ? [lowest, 1] : [highest, -1];
  for (let at = 0; at < Math.max(expected, numbers.length); at++) {
    if (at < expected && numbers[at] === start + at * step) continue;
    const number = at < expected ? start + at * step : numbers[at];
    throw corrupt(id, at < expected ? `record ${number} is missing` : `its head does not know of record ${number}`);
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function corrupt(id: string, why: string): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `The history of execution ${quoted(id)} is damaged: ${why}.`, {
    executionId: id,
  });
}
