import { didYouMean, nearName } from "../near-name.ts";
import { MAX_REASON } from "../state/listed-waits.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import { quoted } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import type { Patch } from "./node-executor.ts";
import {
  type AskedSuspension,
  isContext,
  kindOfResult,
  nameOf,
  readGiven,
  type SuspendedOutcome,
  Unfit,
} from "./node-outcome.ts";

/** Reads the options of `suspend()`, and checks all of them. @throws {WorkflowError} NODE_RESULT_INVALID */
export function readSuspension(outcome: AskedSuspension | SuspendedOutcome, nodeId: string): SuspendedOutcome {
  return "options" in outcome ? readGiven(outcome.options, nodeId, suspensionOf) : outcome;
}

const SUSPEND_OPTIONS: ReadonlySet<string> = new Set(["reason", "payload", "until", "forMs", "context"]);

function suspensionOf(options: unknown): SuspendedOutcome {
  if (!isContext(options)) throw new Unfit(`suspend() with ${nameOf(options)}`);
  const { reason, payload, until, forMs, context, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const meant = nearName(unknown, [...SUSPEND_OPTIONS]);
    throw new Unfit(`suspend() with an unknown option ${quoted(unknown)}${didYouMean(meant)}`);
  }
  if (until !== undefined && forMs !== undefined) throw new Unfit("suspend() with both until and forMs");
  return {
    kind: "suspended",
    change: context === undefined ? {} : changeOf(context),
    ...(reason === undefined ? {} : { reason: reasonOf(reason) }),
    ...(payload === undefined ? {} : { payload }),
    ...(until === undefined ? {} : { untilMs: timeOf(until) }),
    ...(forMs === undefined ? {} : { forMs: durationOf(forMs) }),
  };
}

function changeOf(context: unknown): SuspendedOutcome["change"] {
  const kind = kindOfResult(context);
  if (kind === "patch") {
    const { changes } = context as Patch;
    if (isContext(changes)) return { changes };
    throw new Unfit(`suspend() whose context is a patch() of ${nameOf(changes)}`);
  }
  if (kind === undefined && isContext(context)) return { context };
  throw new Unfit(`suspend() whose context is ${nameOf(context)}`);
}

function reasonOf(reason: unknown): string {
  if (typeof reason !== "string") throw new Unfit(`suspend() whose reason is ${nameOf(reason)}`);
  if (reason.length > MAX_REASON) throw new Unfit(`suspend() whose reason has more than ${MAX_REASON} characters`);
  return reason.toWellFormed();
}

/** A fraction of a millisecond is rounded up, so that nothing wakes early; a time before 1970 has passed all the same. */
function timeOf(until: unknown): number {
  const isTime = typeof until === "number" || Object.prototype.toString.call(until) === "[object Date]";
  const ms = isTime ? Math.max(0, Math.ceil(Number(until))) : Number.NaN;
  if (ms <= MAX_TIME_MS) return ms;
  const given = typeof until === "number" ? String(until) : isTime ? "an invalid Date" : nameOf(until);
  throw new Unfit(`suspend() until ${given}, which is no time that a Date can hold`);
}

function durationOf(forMs: unknown): number {
  if (typeof forMs === "number" && forMs >= 0 && forMs <= MAX_LEASE_MS) return Math.ceil(forMs);
  const given = typeof forMs === "number" ? String(forMs) : nameOf(forMs);
  throw new Unfit(`suspend() for ${given} ms; forMs is a number from 0 to ${MAX_LEASE_MS}, a hundred years`);
}
