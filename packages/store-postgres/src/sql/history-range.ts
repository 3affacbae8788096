import { WorkflowError } from "@waymark/core";
import { type HistoryRange, quoted, selectedNumbers } from "@waymark/core/store";
import type { Row } from "../database.ts";

/** The columns of a head that have the numbers of its records. */
export const RANGE_COLUMNS = "e.first_seq AS head_first_seq, e.seq AS head_seq";

/**
 * Checks that the rows are all records of the range that the head counts, without a gap, and no others.
 *
 * @throws {WorkflowError} STATE_CORRUPT
 */
export function assertComplete(id: string, rows: readonly Row[], range: HistoryRange): void {
  const fault = faultOf(rows, range);
  if (fault !== undefined) throw corrupt(id, fault);
}

/** Returns what is wrong with the rows, as {@link assertComplete} says it, or `undefined` if nothing is. */
export function faultOf(rows: readonly Row[], range: HistoryRange): string | undefined {
  const [firstSeq, seq] = [Number(rows[0]?.head_first_seq), Number(rows[0]?.head_seq)];
  if (!isCount(firstSeq) || !isCount(seq)) return "its head does not have the numbers of its records";
  const { first, last } = selectedNumbers({ firstSeq, seq }, range);
  const expected = Math.max(last - first + 1, 0);
  const numbers = rows.flatMap(({ seq }) => (seq === null ? [] : [Number(seq)]));
  const [start, step] = range.order === "asc" ? [first, 1] : [last, -1];
  for (let at = 0; at < Math.max(expected, numbers.length); at++) {
    if (at < expected && numbers[at] === start + at * step) continue;
    const number = at < expected ? start + at * step : numbers[at];
    return at < expected ? `record ${number} is missing` : `its head does not count record ${number}`;
  }
  return undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function corrupt(id: string, why: string): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `The history of execution ${quoted(id)} is damaged: ${why}.`, {
    executionId: id,
  });
}
