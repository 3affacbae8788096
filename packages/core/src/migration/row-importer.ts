import { randomUUID, sha256 } from "../crypto.ts";
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
const MAX_CONFLICTS = 12;
/** The longest wait before another look at what the other process does, in milliseconds. */
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
  /** The digests of rows by their ids, in the order in which they came. */
  readonly #ids = new Map<string, string>();
  readonly #underWay = new Map<string, Promise<void>>();
  /** An import that is run again meets many rows in a row that are there: looking first is then cheaper. */
  #lastWasThere = false;

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
      const digest = digestOf(row);
      const earlier = this.#ids.get(row.executionId);
      if (earlier === digest) return this.#tally.duplicate();
      if (earlier !== undefined) throw repeated();
      const isThere = this.#lastWasThere && !this.#dryRun && (await this.#find(row)).what === "whole";
      const imported = isThere ? undefined : await this.#untilDecided(row);
      this.#lastWasThere = imported === undefined;
      this.#remember(row.executionId, digest);
      if (imported === undefined) this.#tally.skipped();
      else this.#tally.imported(imported.outcome, { isReplacement: imported.isReplacement, hasOutput });
    } catch (error) {
      if (!isWorkflowError(error) || FATAL.has(error.code)) throw error;
      const { code } = error;
      const message = cleanText(messageOf(error), MAX_MESSAGE);
      this.#tally.refused({ row: position, ...(executionId === undefined ? {} : { executionId }), code, message });
    }
  }

  /**
   * Imports a row; `undefined` if it is there already.
   *
   * - If another process imports it at the same time, waits while that one gets on. Each import begins by replacing what is
   *   incomplete, so several that replaced each other without a pause would never come to an end.
   */
  async #untilDecided(row: ImportedExecution & { executionId: string }): Promise<ImportedRecord | undefined> {
    for (let conflicts = 0; ; conflicts++) {
      try {
        return await (this.#dryRun ? this.#rehearse(row) : importExecution(this.#surroundings, row));
      } catch (error) {
        if (!isWorkflowError(error)) throw error;
        const isTaken = error.code === "EXECUTION_ALREADY_EXISTS";
        if (!isTaken && !CONFLICTS.has(error.code)) throw error;
        const found = await this.#settled(row, { looks: 2 ** conflicts });
        if (found === "whole") return undefined;
        if (found === "other" || conflicts === MAX_CONFLICTS) throw isTaken ? error : taken();
      }
    }
  }

  /** Looks at what has the id of a row until it is whole, or has not changed for a number of looks. */
  async #settled(row: Owned & { executionId: string }, { looks }: { looks: number }): Promise<Found["what"]> {
    const { clock } = this.#surroundings;
    let last = await this.#find(row);
    for (let unchanged = 0; unchanged < looks && last.what !== "whole" && last.what !== "other"; unchanged++) {
      await new Promise<void>((resolve) => {
        clock.schedule(Math.random() * CONFLICT_WAIT_MS, resolve);
      });
      const found = await this.#find(row);
      if (found.state !== last.state) unchanged = -1;
      last = found;
    }
    return last.what;
  }

  /** Does all of an import but the writing. */
  async #rehearse(row: ImportedExecution & { executionId: string }): Promise<ImportedRecord | undefined> {
    const store = rehearsalStore(this.#surroundings.store.capabilities);
    const rehearsed = await importExecution({ ...this.#surroundings, store, bareStore: store }, row);
    const { what } = await this.#find(row);
    if (what === "other") throw taken();
    return what === "whole" ? undefined : { ...rehearsed, isReplacement: what === "incomplete" };
  }

  /** Looks at what has the id of a row. */
  async #find(row: Owned & { executionId: string }): Promise<Found> {
    const head = await this.#surroundings.store.getExecution(row.executionId);
    if (head === undefined) return { what: "none" };
    const state = `${head.token} ${head.version}`;
    if (!isSame(head, row)) return { what: "other", state };
    return { what: isIncompleteImport(head) ? "incomplete" : "whole", state };
  }

  #remember(executionId: string, digest: string): void {
    this.#ids.set(executionId, digest);
    if (this.#ids.size <= MAX_REMEMBERED) return;
    for (const oldest of this.#ids.keys()) {
      this.#ids.delete(oldest);
      return;
    }
  }
}

/** What has the id of a row, and which state it is in. */
interface Found {
  what: "none" | "whole" | "incomplete" | "other";
  state?: string;
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

function repeated(): WorkflowError {
  const message = "An earlier row of this import has the same id and other content. Only the earlier one was imported.";
  return new WorkflowError("EXECUTION_ALREADY_EXISTS", message);
}

/** Tells the contents of rows apart. */
function digestOf({ output, ...row }: ImportedExecution): string {
  try {
    const text = typeof output === "string" ? output : JSON.stringify(output);
    return sha256(`${JSON.stringify(row)}\n${text}`, "base64url").slice(0, 22);
  } catch {
    // A row that cannot be written has no like.
    return randomUUID();
  }
}

function idOf(row: unknown): string | undefined {
  if (typeof row !== "object" || row === null) return undefined;
  const id = readProperty(row, "executionId");
  return typeof id === "string" && id !== "" ? id : undefined;
}

/** The row, each of its fields read once, and with an output. @throws {WorkflowError} INVALID_ARGUMENT */
function checkedRow(given: unknown, executionId: string | undefined) {
  const problem = errorIn(given);
  if (problem !== undefined) throw invalid(cleanText(messageOf(problem), MAX_MESSAGE), problem);
  if (typeof given !== "object" || given === null) throw invalid("it is not an object");
  let row: ImportedExecution;
  try {
    row = { ...(given as ImportedExecution) };
  } catch (cause) {
    throw invalid("it cannot be read", cause);
  }
  if (executionId === undefined) throw invalid("it has no executionId, so it could not be imported again");
  const output: unknown = row.output;
  const hasOutput = output !== null && output !== "null";
  return { row: { ...row, executionId, ...(hasOutput ? {} : { output: NO_OUTPUT }) }, hasOutput };
}

/** The error that a source has yielded in place of a row. Looking at a proxy may throw. */
function errorIn(given: unknown): Error | undefined {
  try {
    return given instanceof Error ? given : undefined;
  } catch {
    return undefined;
  }
}

function invalid(problem: string, cause?: unknown): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The row cannot be imported: ${problem}.`, { cause });
}
