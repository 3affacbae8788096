import { abandonPromises } from "../abandoned-promises.ts";
import { messageOf, WorkflowError } from "../errors.ts";
import { kindOf } from "../given.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { withChanges } from "../state/adjust.ts";
import { isPlain } from "../state/live-values.ts";
import { MAX_REASON } from "../state/waiting.ts";
import { MAX_LEASE_MS } from "../store/checks.ts";
import { quoted } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import {
  type Ended,
  type Patch,
  type ResultKind,
  type Routed,
  resultKind,
  type Suspended,
  type WorkflowContext,
} from "./node-executor.ts";

/** What an executor's result asks for. */
export type NodeOutcome = NextOutcome | SuspendedOutcome;

/** The node has completed. */
export interface NextOutcome {
  kind: "next";
  context?: WorkflowContext;
  changes?: WorkflowContext;
  /** The outputs that it takes; `null`: no edge at all. */
  handles?: readonly string[] | null;
}

/** The node waits. */
export interface SuspendedOutcome {
  kind: "suspended";
  /** The change of the context that is kept before the wait. */
  change: Pick<NextOutcome, "context" | "changes">;
  reason?: string;
  /** As the node gave it: not read yet. */
  payload?: unknown;
  /** Milliseconds since the epoch. */
  untilMs?: number;
  forMs?: number;
  /** The token of the wait of another execution, for which the node waits. Default: a new one. */
  token?: string;
}

/**
 * Reads what an executor has returned, and checks all of it.
 *
 * - What throws when it is read is as wrong as any other result: its error says nothing about the run.
 *
 * @throws {WorkflowError} NODE_RESULT_INVALID
 */
export function readResult(result: unknown, nodeId: string): NodeOutcome {
  try {
    return outcomeOf(result);
  } catch (error) {
    abandonPromises(result);
    const what =
      error instanceof Unfit ? error.what : `something that throws when it is read (${quoted(messageOf(error))})`;
    throw new WorkflowError("NODE_RESULT_INVALID", `Node ${quoted(nodeId)} returned ${what}; ${FORMS}.`, {
      details: { nodeId },
    });
  }
}

/** Returns the context after a node that has completed. @throws {WorkflowError} NODE_RESULT_INVALID */
export function contextAfter(
  context: Readonly<WorkflowContext>,
  { context: next, changes = {} }: NextOutcome,
): WorkflowContext {
  return next ?? withChanges(context, changes);
}

const FORMS =
  'an executor returns the next context (a plain object), patch(changes), route(context, "handle"), end(context) or suspend({ reason?, until? })';

/** What is wrong with a result, in words. */
class Unfit {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

function outcomeOf(result: unknown): NodeOutcome {
  switch (kindOfResult(result)) {
    case "suspended":
      return suspendedOutcome((result as Suspended).options);
    case "routed": {
      const { result: inner, handles } = result as Routed;
      const outcome = outcomeOf(inner);
      if (outcome.kind === "next" && outcome.handles === undefined) {
        return { ...outcome, handles: readHandles(handles) };
      }
      throw new Unfit("route() around another route(), an end() or a suspend()");
    }
    case "ended": {
      const outcome = outcomeOf((result as Ended).result);
      if (outcome.kind === "next" && outcome.handles === undefined) return { ...outcome, handles: null };
      throw new Unfit("end() around another end(), a route() or a suspend()");
    }
    case "patch": {
      const { changes } = result as Patch;
      if (isContext(changes)) return { kind: "next", changes };
      throw new Unfit(`patch() of ${nameOf(changes)}`);
    }
  }
  if (isContext(result)) return { kind: "next", context: result };
  throw new Unfit(nameOf(result));
}

/** Returns the kind of a marked result, and refuses one of a call with too many arguments. */
function kindOfResult(result: unknown): ResultKind | undefined {
  const kind = resultKind(result);
  if (kind === undefined) return undefined;
  const { surplus } = result as { surplus?: number };
  const call = Object.hasOwn(CALLS, kind) ? CALLS[kind] : undefined;
  if (surplus === undefined || call === undefined) return kind;
  const { name, count, advice } = call;
  throw new Unfit(`${name}() with ${count + surplus} arguments (${advice})`);
}

const CALLS: Readonly<Record<ResultKind, { name: string; count: number; advice: string }>> = {
  patch: { name: "patch", count: 1, advice: "one object has all changes" },
  routed: { name: "route", count: 2, advice: "several outputs are a list" },
  ended: { name: "end", count: 1, advice: "it takes no output" },
  suspended: { name: "suspend", count: 1, advice: "one object has all options" },
};

function readHandles(handles: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(handles) ? Array.from(handles) : [handles];
  for (const handle of list) {
    if (typeof handle !== "string") throw new Unfit(`route() to ${nameOf(handle)}, which is no handle`);
  }
  return list as string[];
}

const SUSPEND_OPTIONS: ReadonlySet<string> = new Set(["reason", "payload", "until", "forMs", "context"]);

function suspendedOutcome(options: unknown): SuspendedOutcome {
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

function isContext(value: unknown): value is WorkflowContext {
  return typeof value === "object" && value !== null && isPlain(value);
}

function nameOf(value: unknown): string {
  return value === undefined ? "nothing" : kindOf(value);
}
