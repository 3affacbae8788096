import { isConnectionLost, sqlStateOf } from "./translate-error.ts";

/** A statement that has failed. */
export interface FailedTry {
  fault: unknown;
  /** How often it was sent, this time included. */
  tries: number;
  /** How often the server has undone it to let another one pass, this time not included. */
  conflicts: number;
  /** Whether it was sent as a prepared statement. */
  isPrepared: boolean;
  /** Whether the connection had not been used before: then it was not dead already. */
  isFresh: boolean;
  /** Whether the call's time is over. */
  isLate: boolean;
}

/** What follows from it. */
export interface AfterFailure {
  /** The connection is of no more use, and is closed. */
  closesConnection: boolean;
  /**
   * - `fail`: the call rejects.
   * - `again`: at once, on another connection.
   * - `later`: after a pause, since it collided with another statement.
   * - `unprepared`: at once, and no statement is prepared any more.
   */
  next: "fail" | "again" | "later" | "unprepared";
}

/** A dead connection is found only by using it, and all of a pool may be dead: as many tries as a large pool has. */
const MAX_TRIES = 100;
const MAX_CONFLICTS = 10;

/** Decides what follows from a statement's failure. */
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
    // What was sent again each time would fail each time: a connection that was good until now has done so once.
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
