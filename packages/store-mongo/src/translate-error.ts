import { isWorkflowError, WorkflowError } from "@waymark/core";
import { storeClosed } from "@waymark/core/store";
import { causeWith, codeOf, type Fault, isSocketCode, unavailableBy, wordsOf } from "@waymark/store-connection";

const NOT_PRIMARY: Fault = {
  reason: "not_primary",
  advice: "The server accepts no writes: it is no primary, or is stopping or failing over.",
};
const TIMEOUT: Fault = { reason: "timeout", advice: "MongoDB did not answer in time." };
const CONFLICT: Fault = { reason: "conflict", advice: "The write collided with others each time." };
const CONNECTION: Fault = { reason: "connection", advice: "MongoDB cannot be reached." };
const AUTHENTICATION: Fault = {
  reason: "authentication",
  advice: "MongoDB refused the user or the password. Check both, and `authSource`.",
};
const SCHEMA: Fault = {
  reason: "schema",
  advice: "An index of this name but of another shape exists. Use another `collectionPrefix`, or drop the index.",
};

const BY_CODE: ReadonlyMap<number, Fault> = new Map([
  [13, { reason: "permission", advice: "The database user lacks a permission. Grant readWrite (see the README)." }],
  [18, AUTHENTICATION],
  [8000, AUTHENTICATION],
  ...[91, 189, 10058, 10107, 11600, 11602, 13435, 13436].map((code) => [code, NOT_PRIMARY] as const),
  ...[24, 50, 89, 262, 9001].map((code) => [code, TIMEOUT] as const),
  ...[112, 11000, 251].map((code) => [code, CONFLICT] as const),
  ...[6, 7].map((code) => [code, CONNECTION] as const),
  ...[85, 86].map((code) => [code, SCHEMA] as const),
  [14031, { reason: "disk_full", advice: "The server's disk is full. Free space; no acknowledged commit is lost." }],
  ...[64, 79, 100].map(
    (code) =>
      [
        code,
        { reason: "write_concern", advice: "Too few members of the replica set confirmed the write in time." } as const,
      ] as const,
  ),
]);

// A server with a lower limit refuses documents that the store has found small enough.
const TOO_LARGE: ReadonlySet<number> = new Set([10334, 17419, 17420]);

/** Turns an error of the driver's into the error that the store's contract names. */
export function translateError(error: unknown): WorkflowError {
  if (isWorkflowError(error)) return error;
  const code = serverCodeOf(error);
  const cause = causeOf(error);
  const details = code === undefined ? {} : { mongoCode: code };
  if (nameOf(error) === "MongoClientClosedError" || nameOf(error) === "MongoTopologyClosedError") {
    return storeClosed(cause);
  }
  if (code !== undefined && TOO_LARGE.has(code)) {
    return new WorkflowError("PAYLOAD_TOO_LARGE", `The server refused the size. (${cause.message})`, {
      cause,
      details,
    });
  }
  return unavailableBy(classify(error, code), cause, details);
}

/** Copies what may be kept of a driver's error, to which the driver attaches commands, replies and documents. */
export function causeOf(error: unknown): Error {
  return causeWith(withoutContents(wordsOf(error)), error);
}

/** Removes commands and documents, which servers repeat from a brace on, and users, whom they name in quotes. */
function withoutContents(message: string): string {
  return message.replace(/\{.*/s, "…").replaceAll(/"[^"]*"|'[^']*'|`[^`]*`/g, '"…"');
}

/** Returns whether a command may be sent again: the connection broke, or another member is the primary now. */
export function isPassing(error: unknown): boolean {
  const code = serverCodeOf(error);
  const reason = code === undefined ? undefined : BY_CODE.get(code)?.reason;
  if (reason === "not_primary" || code === 112 || code === 6 || code === 7) return true;
  if (isSocketCode(codeOf(error))) return true;
  return /^Mongo(Network|PoolCleared)/.test(nameOf(error)) && !nameOf(error).includes("Timeout");
}

function classify(error: unknown, code: number | undefined): Fault {
  const known = code === undefined ? undefined : BY_CODE.get(code);
  if (known !== undefined) return known;
  const name = nameOf(error);
  if (/Timeout/.test(name)) return TIMEOUT;
  if (/^Mongo(Network|ServerSelection|PoolCleared|NotConnected|Topology)/.test(name)) return CONNECTION;
  if (/Authentication|MissingCredentials/.test(name)) return AUTHENTICATION;
  // The driver passes some errors of a socket on as they are.
  if (isSocketCode(codeOf(error))) return CONNECTION;
  return { reason: "server", advice: "MongoDB reported an error." };
}

function serverCodeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "number" ? code : undefined;
}

function nameOf(error: unknown): string {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  return typeof name === "string" ? name : "";
}
