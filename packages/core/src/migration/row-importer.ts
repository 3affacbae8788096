import { isWorkflowError, messageOf, readProperty, WorkflowError } from "../errors.ts";
import {
  type ImportedExecution,
  type ImportedOutput,
  type ImportedRecord,
  importExecution,
} from "../state/import-execution.ts";
import { isIncompleteImport } from "../state/incomplete-import.ts";
import type { Surroundings } from "../state/surroundings.ts";
import { cleanText } from "../text.ts";
import type { ImportTally } from "./import-tally.ts";
import { rehearsalStore } from "./rehearsal-store.ts";

/** The ids that are remembered, to tell a duplicate from a row that an earlier import has brought. */
const MAX_REMEMBERED = 100_000;
/** How often a row is tried again because another process imports it at the same time. */
const MAX_CONFLICTS = 5;
/** The longest wait before such a try, in milliseconds. */
const CONFLICT_WAIT_MS = 500;
const MAX_MESSAGE = 1_000;

/** What an import gets if another process has replaced its execution. */
const CONFLICTS: ReadonlySet<string> = new Set([
  "EXECUTION_NOT_FOUND",
  "LEASE_LOST",
  "VERSION_CONFLICT",
  "INVALID_STATUS",
]);
/** What no other row would fare better with. */
const FATAL: ReadonlySet<string> = new Set(["STORE_UNAVAILABLE", "STORE_CLOSED"]);

const NO_OUTPUT: ImportedOutput = { checkpoints: [], currentContext: {}, currentStep: 0, totalSteps: 0 };

/** Imports rows one by one, and tallies what becomes of them. */
export class RowImporter {
  readonly #surroundings: Surroundings;
  readonly #tally: ImportTally;
  readonly #dryRun: boolean;
  /** In the order in which they came. */
  readonly #ids = new Set<string>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(surroundings: Surroundings, { tally, dryRun }: { tally: ImportTally; dryRun: boolean }) {
    this.#surroundings = surroundings;
    this.#tally = tally;
    this.#dryRun = dryRun;
  }

  /** Imports a row. Two rows of one id are imported one after the other. @throws what is not the row's fault */
  async take(row: unknown, position: number): Promise<void> {
    const executionId = idOf(row);
    if (executionId === undefined) return this.#import(row, undefined, position);
    while (this.#underWay.has(executionId)) await this.#underWay.get(executionId);
    if (this.#ids.has(executionId)) return this.#tally.duplicate();
    const work = this.#import(row, executionId, position);
    this.#underWay.set(
      executionId,
      work.catch(() => undefined),
    );
    try {
      await work;
    } finally {
      this.#underWay.delete(executionId);
    }
  }

  async #import(given: unknown, executionId: string | undefined, position: number): Promise<void> {
    try {
      const { row, hasOutput } = checkedRow(given, executionId);
      const imported = await this.#untilDecided(row);
      this.#remember(row.executionId);
      if (imported === undefined) this.#tally.skipped();
      else this.#tally.imported(imported.outcome, { isReplacement: imported.isReplacement, hasOutput });
    } catch (error) {
      if (!isWorkflowError(error) || FATAL.has(error.code)) throw error;
      const { code } = error;
      const message = cleanText(messageOf(error), MAX_MESSAGE);
      this.#tally.refused({ row: position, ...(executionId === undefined ? {} : { executionId }), code, message });
    }
  }

  /** Imports a row; `undefined` if it is there already. */
  async #untilDecided(row: ImportedExecution & { executionId: string }): Promise<ImportedRecord | undefined> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        return await (this.#dryRun ? this.#rehearse(row) : importExecution(this.#surroundings, row));
      } catch (error) {
        if (!isWorkflowError(error)) throw error;
        const found = error.code === "EXECUTION_ALREADY_EXISTS" ? await this.#find(row) : undefined;
        if (found === "whole") return undefined;
        const isConflict = found === "incomplete" || found === "none" || CONFLICTS.has(error.code);
        if (!isConflict || conflicts === MAX_CONFLICTS) throw error;
      }
      const { clock } = this.#surroundings;
      await new Promise<void>((resolve) => {
        clock.schedule(Math.random() * CONFLICT_WAIT_MS, resolve);
      });
    }
  }

  /** Does all of an import but the writing. */
  async #rehearse(row: ImportedExecution & { executionId: string }): Promise<ImportedRecord | undefined> {
    const store = rehearsalStore(this.#surroundings.store.capabilities);
    const rehearsed = await importExecution({ ...this.#surroundings, store, bareStore: store }, row);
    const found = await this.#find(row);
    if (found === "other") throw taken();
    return found === "whole" ? undefined : { ...rehearsed, isReplacement: found === "incomplete" };
  }

  /** Looks at what has the id of a row. */
  async #find(row: ImportedExecution & { executionId: string }): Promise<"none" | "whole" | "incomplete" | "other"> {
    const head = await this.#surroundings.store.getExecution(row.executionId);
    if (head === undefined) return "none";
    if (!isSame(head, row)) return "other";
    return isIncompleteImport(head) ? "incomplete" : "whole";
  }

  #remember(executionId: string): void {
    this.#ids.add(executionId);
    if (this.#ids.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }
}

interface Owned {
  workflowId: string;
  userId: string;
}

function isSame(head: Owned, row: Owned): boolean {
  return head.workflowId === row.workflowId && head.userId === row.userId;
}

function taken(): WorkflowError {
  return new WorkflowError("EXECUTION_ALREADY_EXISTS", "The id is that of an execution of another workflow or user.");
}

function idOf(row: unknown): string | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const id = readProperty(row, "executionId");
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** The row, each of its fields read once, and with an output. @throws {WorkflowError} INVALID_ARGUMENT */
function checkedRow(given: unknown, executionId: string | undefined) {
  if (given instanceof Error) throw invalid(cleanText(messageOf(given), MAX_MESSAGE), given);
  if (typeof given !== "object" || given === null) throw invalid("it is not an object");
  if (executionId === undefined) throw invalid("it has no executionId, so it could not be imported again");
  let row: ImportedExecution;
  try {
    row = { ...(given as ImportedExecution) };
  } catch (cause) {
    throw invalid("it cannot be read", cause);
  }
  const output: unknown = row.output;
  const hasOutput = output !== null && output !== "null";
  return { row: { ...row, executionId, ...(hasOutput ? {} : { output: NO_OUTPUT }) }, hasOutput };
}

function invalid(problem: string, cause?: unknown): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The row cannot be imported: ${problem}.`, { cause });
}
