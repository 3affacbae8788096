import { type CommitRequest, type NewExecution, WorkflowError } from "@waymark/core";

/** The largest payload: MongoDB's limit of 16 MiB for a document, less a MiB for what stands beside it. */
export const MAX_PAYLOAD_BYTES = 15 * 1024 * 1024;
/** What a document may hold of texts, payload included; the rest is for field names and numbers. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024 - 64 * 1024;
/** What the head may hold of a failure. */
const MAX_FAILURE_BYTES = 256 * 1024;

/**
 * Checks what the payload's own limit leaves open: the texts beside it, which may be of any length.
 *
 * @throws {WorkflowError} PAYLOAD_TOO_LARGE
 */
export function checkSize(id: string, { checkpoint, ...rest }: CommitRequest | NewExecution): void {
  const failure = "head" in rest ? rest.head?.failure : "failure" in rest ? rest.failure : undefined;
  const failureBytes = failure === undefined || failure === null ? 0 : bytesOf(JSON.stringify(failure));
  if (failureBytes > MAX_FAILURE_BYTES) throw tooLarge(id, "failure", failureBytes, MAX_FAILURE_BYTES);
  if (checkpoint === undefined) return;
  const { nodeId, nodeName, error, payload } = checkpoint;
  const texts = [nodeId, nodeName, payload, error === undefined ? "" : JSON.stringify(error)];
  // A UTF-16 code unit is at most three bytes of UTF-8, so most need no counting.
  if (texts.reduce((sum, text) => sum + text.length * 3, 0) < MAX_TEXT_BYTES) return;
  const bytes = texts.reduce((sum, text) => sum + bytesOf(text), 0);
  if (bytes > MAX_TEXT_BYTES) throw tooLarge(id, "checkpoint", bytes, MAX_TEXT_BYTES);
}

function tooLarge(id: string, what: string, bytes: number, maxBytes: number): WorkflowError {
  const message = `The ${what} with its texts is ${bytes} bytes, more than the ${maxBytes} that a MongoDB document has room for.`;
  return new WorkflowError("PAYLOAD_TOO_LARGE", message, { executionId: id, details: { bytes, maxBytes } });
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text, "utf8");
}
