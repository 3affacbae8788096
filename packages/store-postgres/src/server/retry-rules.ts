import { isConnectionLost, sqlStateOf } from "./translate-error.ts";

/** A statement that has failed. */
export interface FailedTry {
  fault: unknown;
  /** The number of times that it was sent, including this one. */
  tries: number;
  /** The number of times that the server has undone it to let another one pass, not including this one. */
  conflicts: number;
  /** True if it was sent as a prepared statement. */
  isPrepared: boolean;
  /** True if the connection had not been used before, so that it was not dead already. */
  isFresh: boolean;
  /** True if the call's time is over. */
  isLate: boolean;
}

/** The consequences of a failure. */
export interface AfterFailure {
  /** True if the connection cannot be used any more and must be closed. */
  closesConnection: boolean;
  /**
   * - `fail`: the call rejects.
   * - `again`: at once, on another connection.
   * - `later`: after a pause, since it collided with another statement.
   * - `unprepared`: at once, and no statement is prepared any more.
   */
  next: "fail" | "again" | "later" | "unprepared";
}

/** As many tries as a large pool has connections: only use shows that one is dead, and all of them may be. */
const MAX_TRIES = 100;
const MAX_CONFLICTS = 10;

/** Decides the consequences of a statement's failure. */
export function afterFailure({ fault, tries, conflicts, isPrepared, isFresh, isLate }: FailedTry): AfterFailure {
  const state = sqlStateOf(fault);
  const isStale = isStalePlan(state, fault);
  const isLost = isConnectionLost(fault);
  // Only an error that the server reported, and not one that ends the session, leaves the connection usable.
  const closesConnection = state === undefined || isLost || isStale;
  return { closesConnection, next: next() };

  function next(): AfterFailure["next"] {
    if (isLate || tries >= MAX_TRIES) return "fail";
    if (isLostStatement(state) && isPrepared) return "unprepared";
    if (isStale) return "again";
    if (isConflict(state) && conflicts < MAX_CONFLICTS) return "later";
    // A new connection that is lost would be lost each time. One that was good until now is replaced.
    return isLost && !isFresh ? "again" : "fail";
  }
}

/** The statement was prepared on another of the server's connections: there is a pooler in between. */
function isLostStatement(state: string | undefined): boolean {
  return state === "26000" || state === "42P05";
}

/** A migration has changed a table since the statement was prepared on this connection. */
function isStalePlan(state: string | undefined, error: unknown): boolean {
  return state === "0A000" && String(error).includes("cached plan");
}

/** The server undid a statement to let another one pass (deadlock, serialization). */
function isConflict(state: string | undefined): boolean {
  return state === "40001" || state === "40P01";
}
