import type { OldStatus } from "../state/old-status.ts";
import { tell } from "../tell.ts";
import type { ImportExecutionOutputsOptions, ImportProgress, RefusedRow } from "./import-types.ts";

/** The refused rows that the report lists. */
const MAX_REFUSALS = 100;

/** The rows between two reports of the progress. */
const PROGRESS_ROWS = 100;

/** Counts what has become of the rows of an import, and reports it. */
export class ImportTally {
  readonly refusals: RefusedRow[] = [];
  readonly #callbacks: Pick<ImportExecutionOutputsOptions, "onProgress" | "onRefused">;
  readonly #outcomes: Record<OldStatus, number> = { completed: 0, failed: 0, cancelled: 0, unfinished: 0 };
  #withoutOutput = 0;
  #replaced = 0;
  #skipped = 0;
  #duplicates = 0;
  #refused = 0;

  constructor(callbacks: Pick<ImportExecutionOutputsOptions, "onProgress" | "onRefused">) {
    this.#callbacks = callbacks;
  }

  get read(): number {
    return this.#imported + this.#skipped + this.#duplicates + this.#refused;
  }

  imported(outcome: OldStatus, { isReplacement, hasOutput }: { isReplacement: boolean; hasOutput: boolean }): void {
    this.#outcomes[outcome] += 1;
    if (isReplacement) this.#replaced += 1;
    if (!hasOutput) this.#withoutOutput += 1;
    this.#counted();
  }

  skipped(): void {
    this.#skipped += 1;
    this.#counted();
  }

  duplicate(): void {
    this.#duplicates += 1;
    this.#counted();
  }

  refused(row: RefusedRow): void {
    this.#refused += 1;
    if (this.refusals.length < MAX_REFUSALS) this.refusals.push(row);
    if (this.#callbacks.onRefused !== undefined) tell(this.#callbacks.onRefused, row);
    this.#counted();
  }

  progress(): ImportProgress {
    return {
      read: this.read,
      imported: this.#imported,
      outcomes: { ...this.#outcomes },
      withoutOutput: this.#withoutOutput,
      replaced: this.#replaced,
      skipped: this.#skipped,
      duplicates: this.#duplicates,
      refused: this.#refused,
    };
  }

  /** Reports the end, if the last row has not. */
  ended(): void {
    if (this.read % PROGRESS_ROWS !== 0 || this.read === 0) this.#report();
  }

  #counted(): void {
    if (this.read % PROGRESS_ROWS === 0) this.#report();
  }

  #report(): void {
    if (this.#callbacks.onProgress !== undefined) tell(this.#callbacks.onProgress, this.progress());
  }

  get #imported(): number {
    return Object.values(this.#outcomes).reduce((sum, rows) => sum + rows, 0);
  }
}
