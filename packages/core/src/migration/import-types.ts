import type { WorkflowEngine } from "../engine/workflow-engine.ts";
import type { ErrorCode } from "../errors.ts";
import type { ImportedExecution } from "../state/import-execution.ts";

/** A row of an old `Execution` table, for an import of many. */
export interface ImportRow extends Omit<ImportedExecution, "executionId" | "output"> {
  /** The row's own id. With it an import can be run again. */
  executionId: string;
  /**
   * The row's `output`: the JSON text, or what it parses to. `null` if the old executor kept nothing: the execution then
   * has an empty context and no checkpoints, and a resume of it starts from the beginning.
   */
  output: ImportedExecution["output"] | null;
}

/**
 * The options of `importExecutionOutputs`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/importing.md#import-old-executions
 */
export interface ImportExecutionOutputsOptions {
  /** The engine whose store takes the rows, and whose codec writes them. */
  engine: Pick<WorkflowEngine, "drain" | "pruneDefinitions">;
  /** Checks every row, counts what would be imported, and writes nothing. Default: false. */
  dryRun?: boolean;
  /** The rows that are imported at the same time. Default: 8. */
  concurrency?: number;
  /** Is called after every 100 rows and at the end. The call does not wait for a promise, and ignores failures. */
  onProgress?: (progress: ImportProgress) => unknown;
  /** Is called for each row that is left out, in the same way. */
  onRefused?: (row: RefusedRow) => unknown;
  /** Aborting it ends the import after the rows under way, also if the source hangs. */
  signal?: AbortSignal;
}

/** The progress of an import. `read` is the sum of `imported`, `skipped`, `duplicates` and `refused`. */
export interface ImportProgress {
  /** The rows that were taken from the source and dealt with. */
  read: number;
  /** The rows that were written now; in a dry run, those that would have been. */
  imported: number;
  /** The imported rows by how they ended. */
  outcomes: {
    completed: number;
    failed: number;
    cancelled: number;
    /** Not finished by the old executor: they arrive as failed, with the code IMPORTED. */
    unfinished: number;
  };
  /** The imported rows without an output. */
  withoutOutput: number;
  /** The imported rows whose earlier import was cut off. */
  replaced: number;
  /** The rows that were there already, from an earlier import. They are left as they are. */
  skipped: number;
  /**
   * The rows that came earlier in this import, with the same id and content, among the last 100,000. Older ones count as
   * `skipped`. One with the id of an earlier row and other content is refused, with EXECUTION_ALREADY_EXISTS.
   */
  duplicates: number;
  /** The rows that cannot be imported, and were left out. */
  refused: number;
}

/** A row that was left out. */
export interface RefusedRow {
  /** The position of the row in the source, from 1. */
  row: number;
  /** The row's id, if it has one. */
  executionId?: string;
  code: ErrorCode;
  message: string;
}

/** The result of an import. */
export interface ImportReport extends ImportProgress {
  dryRun: boolean;
  /** The signal has ended the import before the end of the source. Import the same rows again to complete it. */
  aborted: boolean;
  /** The rows that were left out: the first 100. */
  refusals: RefusedRow[];
}
