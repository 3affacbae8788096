import { type ErrorCode, isWorkflowError } from "@waymark/core";

/** A refusal or a failure, as the page gets it. */
export interface Problem {
  status: 400 | 403 | 404 | 409 | 413 | 422 | 500 | 503;
  code: string;
  message: string;
}

export function problem(status: Problem["status"], code: string, message: string): Problem {
  return { status, code, message };
}

const STATUS: Partial<Record<ErrorCode, Problem["status"]>> = {
  INVALID_ARGUMENT: 400,
  EXECUTION_NOT_FOUND: 404,
  PAYLOAD_TOO_LARGE: 413,
  STORE_UNAVAILABLE: 503,
  STORE_CLOSED: 503,
};
const CONFLICTS: ReadonlySet<string> = new Set([
  "INVALID_STATUS",
  "LEASE_HELD",
  "LEASE_LOST",
  "VERSION_CONFLICT",
  "NOT_WAITING",
  "DEFINITION_INCOMPATIBLE",
]);

/** Describes an error of the engine. Any other error may say what nobody should read, so it becomes "internal". */
export function problemOf(error: unknown): Problem | undefined {
  if (!isWorkflowError(error)) return undefined;
  const { code, message } = error;
  return problem(STATUS[code] ?? (CONFLICTS.has(code) ? 409 : 422), code, message);
}

export const INTERNAL = problem(500, "INTERNAL", "The server has failed. Its log has the error.");

/** An error that carries a problem to the client. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(given: Problem) {
    super(given.message);
    this.problem = given;
  }
}

/** Makes the response for a problem. */
export function problemResponse({ status, code, message }: Problem): Response {
  return Response.json({ error: { code, message } }, { status });
}
