import type { NewCheckpoint } from "@waymark/core/store";
import { CHECKPOINT } from "./columns.ts";
import { parametersOf, valueIn } from "./parameters.ts";

/*
 * Records that a statement is given as JSON, because it cannot know their number: those of a commit with several, and
 * those of a batch.
 */

const PARAMETERS = parametersOf(CHECKPOINT).map((one) => ({ ...one, key: `record_${one.name}` }));

/** The columns of records. */
export const RECORD_COLUMNS = PARAMETERS.map(({ column }) => column).join(", ");

/** The columns that a checkpoint has in a recordset, by names that no field of a commit has. */
// As text, since a failure may hold escapes of JSON that PostgreSQL cannot read.
export const RECORD_DEFINITIONS = PARAMETERS.map(({ key, type }) => `${key} ${type === "json" ? "text" : type}`).join(
  ", ",
);

/** Writes a checkpoint to a row with {@link RECORD_DEFINITIONS}. */
export function writeRecord(checkpoint: NewCheckpoint, row: Record<string, unknown>): void {
  for (const one of PARAMETERS) {
    const value = valueIn(checkpoint, one);
    if (value !== undefined) row[one.key] = value;
  }
}

/** Makes the row of a checkpoint that {@link recordset} reads. `place` counts the checkpoints of a commit, from 1. */
export function recordRow(checkpoint: NewCheckpoint, place: number): Record<string, unknown> {
  const row: Record<string, unknown> = { place };
  writeRecord(checkpoint, row);
  return row;
}

/**
 * Returns the SQL of the rows of a parameter with {@link recordRow}s, as `r`; `others` are columns that they also have.
 */
export function recordset(parameter: string, others: readonly string[] = []): string {
  return `json_to_recordset(${parameter}::json) AS r (${["place bigint", ...others, RECORD_DEFINITIONS].join(", ")})`;
}

/** Returns the SQL of what is written to {@link RECORD_COLUMNS} from rows with {@link RECORD_DEFINITIONS}. */
export function recordValues(rows: string): string {
  return PARAMETERS.map(({ key, type }) => `${rows}.${key}${type === "json" ? "::json" : ""}`).join(", ");
}
