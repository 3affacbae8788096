import { WorkflowError } from "@waymark/core";
import type { ClientBase } from "pg";

/** Keeps values as the text that the server sends, so that parsers of the application do not reach the store. */
export const TEXT = { getTypeParser: () => (value: unknown) => value };

/**
 * Returns whether a connection is in a transaction, by the server's last answer, or `undefined` with an older driver.
 */
export function isInTransaction(client: ClientBase): boolean | undefined {
  const status = (client as ClientBase & { getTransactionStatus?(): string | null }).getTransactionStatus?.();
  return status === undefined || status === null ? undefined : status === "T" || status === "E";
}

/** Refuses a connection that returns values as bytes. @throws {WorkflowError} INVALID_ARGUMENT */
export function refuseBinary(client: ClientBase): void {
  if (!(client as ClientBase & { binary?: unknown }).binary) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    "The pool has the setting `binary: true`, with which `pg` returns values as bytes. The store reads text: use a pool without that setting.",
    { details: { argument: "binary" } },
  );
}
