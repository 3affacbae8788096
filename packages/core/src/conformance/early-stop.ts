import { isWorkflowError } from "../errors.ts";
import { describeError, Late, OpenFailure } from "./assert.ts";

/** Failures of open() in a row after which it will not work either, once it has worked. */
const MAX_OPEN_FAILURES = 2;
/** Cases in a row that got no answer, after which the database is taken to be away. */
const MAX_UNANSWERED = 3;

/** Error codes of the system, of DNS and of PostgreSQL for a server that does not answer. */
const AWAY_CODES = /^(ECONN\w+|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|57P0\d)$/;

/** Decides whether further cases can prove anything. They cannot if no store opens, or its database is away. */
export class EarlyStop {
  #hasOpened = false;
  #openFailures = 0;
  #unanswered = 0;

  /** Takes the problem of a case, if it has failed. Returns the explanation if no further case is worth running. */
  after(problem: unknown): string | undefined {
    if (problem instanceof OpenFailure) {
      this.#openFailures += 1;
      if (this.#hasOpened && this.#openFailures < MAX_OPEN_FAILURES) return undefined;
      return `No store could be opened, so nothing can be tried.\n${problem.message}`;
    }
    this.#hasOpened = true;
    this.#openFailures = 0;
    this.#unanswered = isUnanswered(problem) ? this.#unanswered + 1 : 0;
    if (this.#unanswered < MAX_UNANSWERED) return undefined;
    const last = problem instanceof Late ? problem.message : describeError(problem);
    return `${MAX_UNANSWERED} cases in a row got no answer from the store. Does its database run, and can it be reached?\n${last}`;
  }
}

function isUnanswered(problem: unknown): boolean {
  if (problem instanceof Late || isWorkflowError(problem, "STORE_UNAVAILABLE")) return true;
  const { code, cause } = (problem ?? {}) as { code?: unknown; cause?: unknown };
  return (typeof code === "string" && AWAY_CODES.test(code)) || (cause !== undefined && isUnanswered(cause));
}
