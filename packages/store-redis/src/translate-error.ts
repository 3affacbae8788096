import { isWorkflowError, WorkflowError } from "@waymark/core";
import {
  causeWith,
  codeOf,
  type Fault,
  isSocketCode,
  isTlsCode,
  unavailableBy,
  wordsOf,
} from "@waymark/store-connection";

const BY_CODE: Record<string, Fault> = {
  NOAUTH: { reason: "authentication", advice: "Redis asks for a password. Put it into the URL." },
  WRONGPASS: { reason: "authentication", advice: "Redis refused the user or the password. Check both." },
  NOPERM: {
    reason: "permission",
    advice: "The Redis user lacks the permission for a command or a key. Grant it (the README lists the rules).",
  },
  READONLY: { reason: "read_only", advice: "The server is a replica and accepts no writes. Connect to the primary." },
  LOADING: { reason: "loading", advice: "Redis is still loading its data." },
  OOM: {
    reason: "out_of_memory",
    advice: "Redis has reached maxmemory, and nothing was written. Raise it or delete ended executions.",
  },
  MISCONF: { reason: "persistence", advice: "Redis cannot write to its disk and accepts no writes. Look at its log." },
  BUSY: { reason: "busy", advice: "Redis is busy with a long script." },
  CROSSSLOT: {
    reason: "cluster",
    advice: "Keys of one execution lie in different slots. Use no keyPrefix of the client that holds `{}`.",
  },
  MOVED: { reason: "cluster", advice: "The server is a node of a cluster. Use the option `cluster`, or a Cluster." },
  ASK: { reason: "cluster", advice: "A slot is moving between nodes of the cluster." },
  TRYAGAIN: { reason: "cluster", advice: "A slot is moving between nodes of the cluster." },
  CLUSTERDOWN: { reason: "cluster", advice: "The cluster does not serve all slots." },
  MASTERDOWN: { reason: "cluster", advice: "The replica has lost its primary." },
  NOREPLICAS: { reason: "persistence", advice: "Too few replicas are connected (min-replicas-to-write)." },
  NOSCRIPT: { reason: "server", advice: "Redis does not keep scripts." },
};

/** The words for a missing permission in a script before Redis 7.0, which have no code. */
const NO_PERMISSION = /The user executing the script can't/;
const WRONG_TYPE = "WRONGTYPE";
const CODE = new RegExp(`(?:^|[\\s-])(${[...Object.keys(BY_CODE), WRONG_TYPE].join("|")})(?=\\s)`);
const CONNECTION_LOST =
  /Connection is closed|due to connection close|Stream isn't writeable|Cluster isn't ready|None of startup nodes|Failed to refresh slots|Too many Cluster redirections|Reached the max retries|All sentinels are unreachable|^(read|write) |socket hang up/i;

/** Thrown if a call took too long. */
export class TimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`no answer within ${timeoutMs} ms`);
  }
}

/** Turns an error of the driver's into the error that the store's contract names. */
export function translateError(error: unknown): WorkflowError {
  if (isWorkflowError(error)) return error;
  const serverCode = replyCodeOf(error);
  const cause = causeWith(withoutSecrets(messageOf(error)), error);
  const details = serverCode === undefined ? {} : { serverCode };
  if (serverCode === WRONG_TYPE) {
    const message = `A key of the store was overwritten by something else. Use another keyPrefix. (${cause.message})`;
    return new WorkflowError("STATE_CORRUPT", message, { cause, details });
  }
  return unavailableBy(classify(error), cause, details);
}

/** Removes the arguments of an unknown command and the name of a user without permission, which Redis repeats. */
function withoutSecrets(text: string): string {
  return text
    .replaceAll(/,? with args beginning with:.*/g, "")
    .replaceAll(/\bUser .{0,1000}? has no permissions/g, "The user has no permissions");
}

/** Returns the word by which Redis names an error, even if it occurred in a script. */
export function replyCodeOf(error: unknown): string | undefined {
  const message = messageOf(error);
  return CODE.exec(message)?.[1] ?? (NO_PERMISSION.test(message) ? "NOPERM" : undefined);
}

/** Returns whether the connection broke. The last command on it may have taken effect. */
export function isConnectionLost(error: unknown): boolean {
  return isSocketCode(codeOf(error)) || CONNECTION_LOST.test(messageOf(error));
}

function classify(error: unknown): Fault {
  if (error instanceof TimedOut) return { reason: "timeout", advice: "Redis did not answer in time." };
  const known = BY_CODE[replyCodeOf(error) ?? ""];
  if (known !== undefined) return known;
  if (isTlsCode(codeOf(error))) {
    return { reason: "tls", advice: "No secure connection to Redis. Check `tls` and the certificates." };
  }
  if (isConnectionLost(error)) return { reason: "connection", advice: "Redis cannot be reached." };
  return { reason: "server", advice: "Redis reported an error." };
}

function messageOf(error: unknown): string {
  // The cluster's own message is only that all nodes failed; the last node's error is beside it.
  const last = (error as { lastNodeError?: unknown } | null | undefined)?.lastNodeError;
  if (last instanceof Error) return `${String((error as Error).message)} ${messageOf(last)}`;
  return wordsOf(error);
}
