import { WorkflowError } from "@waymark/core";
import type { CommitRequest, FailureRecord, NewCheckpoint, NewExecution } from "@waymark/core/store";
import type { UpdateStatement } from "./call.ts";

/** The largest payload: MongoDB's limit of 16 MiB for a document, less a MiB for what stands beside it. */
export const MAX_PAYLOAD_BYTES = 15 * 1024 * 1024;
/** What a document may hold of texts, payload included; the rest is for field names and numbers. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** What a command may hold of large records; the rest is for the head, its tail and segments. */
const MAX_COMMAND_BYTES = 14 * 1024 * 1024;
/** What a large record takes beside its texts. */
const STATEMENT_BYTES = 2 * 1024;
/** What the head may hold of a failure. */
const MAX_FAILURE_BYTES = 256 * 1024;

/**
 * Checks what the payload's own limit leaves open: the texts beside it, which may be of any length.
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

/** Checks what a head keeps of a failure. @throws {WorkflowError} PAYLOAD_TOO_LARGE */
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
 * Divides statements into commands, each of which MongoDB takes for one document of at most 16 MiB.
 *
 * - One large record has room beside its head, as `checkSize` has seen to it.
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

/** The bytes of a large record's texts. The other statements have little; there is room for them. */
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
