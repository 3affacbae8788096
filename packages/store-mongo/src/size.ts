import { WorkflowError } from "@waymark/core";
import type { CommitRequest, FailureRecord, NewCheckpoint, NewExecution } from "@waymark/core/store";
import type { UpdateStatement } from "./call.ts";

/** The largest payload, in bytes: MongoDB's limit of 16 MiB for a document, less 1 MiB for the other fields. */
export const MAX_PAYLOAD_BYTES = 15 * 1024 * 1024;
/** The most bytes of texts in a document, including the payload; the rest is for field names and numbers. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** The most bytes of large records in a command; the rest is for the head, its tail and segments. */
const MAX_COMMAND_BYTES = 14 * 1024 * 1024;
/** The bytes that a large record takes beside its texts. */
const STATEMENT_BYTES = 2 * 1024;
/** The most bytes of a failure in a head. */
const MAX_FAILURE_BYTES = 256 * 1024;

/**
 * Checks the texts beside the payload, which may be of any length: the payload's own limit does not cover them.
 *
 * @throws {WorkflowError} PAYLOAD_TOO_LARGE
 */
export function checkSize(id: string, request: CommitRequest | NewExecution): void {
  if ("checkpoint" in request) {
    checkFailure(id, request.failure);
    checkCheckpoint(id, request.checkpoint);
  } else {
    checkFailure(id, request.head?.failure);
    for (const checkpoint of request.checkpoints ?? []) checkCheckpoint(id, checkpoint);
  }
}

/** Checks the size of a failure in a head. @throws {WorkflowError} PAYLOAD_TOO_LARGE */
export function checkFailure(id: string, failure: FailureRecord | null | undefined): void {
  const bytes = failure === undefined || failure === null ? 0 : bytesOf(JSON.stringify(failure));
  if (bytes > MAX_FAILURE_BYTES) throw tooLarge(id, "failure", bytes, MAX_FAILURE_BYTES);
}

function checkCheckpoint(id: string, { nodeId, nodeName, error, payload }: NewCheckpoint): void {
  const texts = [nodeId, nodeName, payload, error === undefined ? "" : JSON.stringify(error)];
  // A UTF-16 code unit is at most three bytes of UTF-8, so most need no counting.
  if (texts.reduce((sum, text) => sum + text.length * 3, 0) < MAX_TEXT_BYTES) return;
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text), 0);
  if (bytes > MAX_TEXT_BYTES) throw tooLarge(id, "checkpoint", bytes, MAX_TEXT_BYTES);
}

/**
 * Divides statements into commands, each of which must be at most 16 MiB, as a document must.
 *
 * - One large record always has room beside its head: `checkSize` has checked it.
 */
export function inCommands(statements: UpdateStatement[]): UpdateStatement[][] {
  if (statements.filter(({ u }) => !Array.isArray(u)).length < 2) return [statements];
  const sizes = statements.map(textBytesOf);
  const commands: UpdateStatement[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [at, statement] of statements.entries()) {
    const more = (sizes[at] ?? 0) + STATEMENT_BYTES;
    if (bytes + more > MAX_COMMAND_BYTES) {
      commands.push([]);
      bytes = 0;
    }
    bytes += more;
    commands.at(-1)?.push(statement);
  }
  return commands;
}

/**
 * Returns the bytes of a large record's texts, and 0 for other statements: they are small, and room is left for them.
 */
function textBytesOf({ u }: UpdateStatement): number {
  const content = Array.isArray(u) ? {} : (u.$setOnInsert as object);
  return Object.values(content).reduce((sum, value) => sum + (typeof value === "string" ? bytesOf(value) : 0), 0);
}

function tooLarge(id: string, what: string, bytes: number, maxBytes: number): WorkflowError {
  const message = `The ${what} with its texts is ${bytes} bytes, more than the ${maxBytes} that a MongoDB document has room for.`;
  return new WorkflowError("PAYLOAD_TOO_LARGE", message, { executionId: id, details: { bytes, maxBytes } });
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
