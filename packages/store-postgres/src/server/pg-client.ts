import { WorkflowError } from "@waymark/core";
import type { ClientBase } from "pg";

/** Values stay the text that the server sends: parsers that an application registers must not reach the store. */
export const TEXT = { getTypeParser: () => (value: unknown) => value };

/** Tells whether a connection is in a transaction, by the server's last answer; `undefined`: older drivers do not tell. */
export function isInTransaction(client: ClientBase): boolean | undefined {
  const status = (client as ClientBase & { getTransactionStatus?(): string | null }).getTransactionStatus?.();
  return status === undefined || status === null ? undefined : status === "T" || status === "E";
}

/** Refuses a connection that hands values on as bytes. @throws {WorkflowError} INVALID_ARGUMENT */
export function refuseBinary(client: ClientBase): void {
  if (!(client as ClientBase & { binary?: unknown }).binary) return;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    "The pool has the setting `binary: true`, by which `pg` hands values on as bytes. The store reads text: give it a pool without that setting.",
    { details: { argument: "binary" } },
  );
}
