import { isWorkflowError, WorkflowError } from "@waymark/core";
import { causeWith, codeOf, type Fault, firstOf, isTlsCode, unavailableBy, wordsOf } from "@waymark/store-connection";

const BY_STATE: Record<string, Fault> = {
  "28P01": { reason: "authentication", advice: "PostgreSQL refused the user or the password. Check both." },
  "28000": { reason: "authentication", advice: "PostgreSQL refused the login. Check the user and pg_hba.conf." },
  "3D000": { reason: "database_missing", advice: "The database does not exist. Create it, or check its name." },
  "3F000": { reason: "schema", advice: "The schema does not exist. Run the migrations, or check the option `schema`." },
  "42P01": { reason: "schema", advice: "A table is missing. Run the migrations, or check `schema` and `tablePrefix`." },
  "42703": { reason: "schema", advice: "A column is missing. Run the migrations." },
  "2BP01": {
    reason: "schema",
    advice:
      "An object of the application depends on one that a migration drops (the view execution_output?). Drop it first.",
  },
  "42501": {
    reason: "permission",
    advice: "The database user lacks a permission. Grant it, or migrate with another user (see the README).",
  },
  "25006": { reason: "read_only", advice: "The server accepts no writes (a replica?). Connect to the primary." },
  "53100": { reason: "disk_full", advice: "The server's disk is full. Free space; no acknowledged commit is lost." },
  "53300": {
    reason: "connections_exhausted",
    advice: "The server has no connection left. Lower `poolSize`, use a pooler, or raise max_connections.",
  },
  "55P03": { reason: "timeout", advice: "A lock could not be taken in time. Look for a long transaction." },
  "57014": { reason: "timeout", advice: "The server cancelled a statement that took too long." },
};

const BY_CLASS: Record<string, Fault> = {
  "08": { reason: "connection", advice: "The connection to PostgreSQL failed." },
  "40": { reason: "conflict", advice: "The statement collided with others each time." },
  "53": { reason: "server", advice: "The server is short of resources." },
  "57": { reason: "connection", advice: "The server is shutting down, starting or failing over." },
};

/** The advice for a connection that could not be made secure, by the code or the words of the fault. */
const TLS_ADVICE: readonly [RegExp, string][] = [
  [
    /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    "The server's certificate is for another host name. Connect by a name that it contains.",
  ],
  [
    /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO_|CERT_UNTRUSTED$|CERT_SIGNATURE_FAILURE$)/,
    "The server's certificate is from an authority that is not trusted here. Add the authority's certificate: `sslrootcert` in the address, or `options: { ssl: { ca } }`.",
  ],
  [
    /^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/,
    "The server's certificate is not valid at this time. Renew it, or set the clock.",
  ],
  [/does not support SSL/, "The server has no TLS. Set `ssl = on` there, or take `sslmode` out of the address."],
];
/** The words by which PostgreSQL refuses a login without TLS, up to version 13 and since. */
const TLS_MISSING = /(SSL off|no encryption)$/;
const TIMEOUTS =
  /^(Query read timeout|timeout exceeded when trying to connect|timeout expired|Connection terminated due to connection timeout)/;
const LOST = /^(Connection terminated|Client has encountered a connection error|Client was closed|The server closed)/;
const CLOSED = /after calling end on the pool|PGlite is clos/;

/** The states whose messages may quote the user (28, 53300) or a value (22). */
const MAY_QUOTE = /^(22|28|53300)/;
/** The quotation marks of the languages of the server's messages. */
const QUOTATION = /["'`«»‹›„“”‚‘’「」『』]/;

/** Turns an error of a driver's into the error that the store's contract names. */
export function translateError(error: unknown): WorkflowError {
  if (isWorkflowError(error)) return error;
  if (CLOSED.test(wordsOf(error))) {
    return new WorkflowError("STORE_CLOSED", "The connection pool was ended.", { cause: causeOf(error) });
  }
  const sqlState = sqlStateOf(error);
  return unavailableBy(classify(error), causeOf(error), sqlState === undefined ? {} : { sqlState });
}

/**
 * Copies what may be kept of a driver's error: no row, no statement, no values, no address, and of the server's words
 * only those that do not quote a user or a value.
 */
export function causeOf(error: unknown): Error & { code?: string | number } {
  const state = sqlStateOf(error);
  const words = wordsOf(error);
  const isQuoting = state !== undefined && MAY_QUOTE.test(state) && QUOTATION.test(words);
  return causeWith(isQuoting ? `SQLSTATE ${state}` : words, firstOf(error));
}

/**
 * Returns whether the connection cannot be used any more. The last statement on it may have taken effect.
 *
 * - That includes a connection to a server that accepts no writes: after a failover the same address leads elsewhere.
 */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return state.startsWith("08") || /^(57P0[1235]|25006)$/.test(state);
  return /^(ECONNRESET|EPIPE|ECONNABORTED)$/.test(codeOf(error)) || LOST.test(wordsOf(error));
}

/**
 * Returns the five characters by which PostgreSQL names an error, or `undefined` if it did not come from the server.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && (error as { severity?: unknown }).severity !== undefined ? code : undefined;
}

function classify(error: unknown): Fault {
  const state = sqlStateOf(error);
  const message = wordsOf(error);
  if (state === "28000" && TLS_MISSING.test(message)) {
    return {
      reason: "tls",
      advice: "The server refuses a login without TLS. Add `sslmode=verify-full` to the address.",
    };
  }
  if (state !== undefined) {
    const unexpected: Fault = { reason: "server", advice: "PostgreSQL reported an error." };
    return BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? unexpected;
  }
  if (TIMEOUTS.test(message)) return { reason: "timeout", advice: "PostgreSQL did not answer in time." };
  const code = codeOf(error);
  if (isTlsCode(code) || message.includes("SSL")) {
    const known = TLS_ADVICE.find(([pattern]) => pattern.test(code) || pattern.test(message));
    return {
      reason: "tls",
      advice: known?.[1] ?? "No secure connection to PostgreSQL. Check `ssl` and the certificates.",
    };
  }
  return { reason: "connection", advice: "PostgreSQL cannot be reached." };
}
