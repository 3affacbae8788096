import { abandonPromises } from "../abandoned-promises.ts";
import { messageOf, WorkflowError } from "../errors.ts";
import { kindOf } from "../given.ts";
import { isPlain } from "../state/live-values.ts";
import { quoted } from "../text.ts";
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
export type NodeOutcome = NextOutcome | AskedSuspension | SuspendedOutcome;

/** The node has completed. */
export interface NextOutcome {
  kind: "next";
  context?: WorkflowContext;
  changes?: WorkflowContext;
  /** The outputs that it takes; `null`: no edge at all. */
  handles?: readonly string[] | null;
}

/** The node asks to wait. suspension.ts reads how: most runs have no node that does. */
export interface AskedSuspension {
  kind: "suspended";
  /** As the node gave them: not read yet. */
  options: unknown;
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
 * Reads what an executor has returned, and checks all of it except the options of `suspend()`.
 *
 * - What throws when it is read is as wrong as any other result: its error says nothing about the run.
 *
 * @throws {WorkflowError} NODE_RESULT_INVALID
 */
export function readResult(result: unknown, nodeId: string): NodeOutcome {
  return readGiven(result, nodeId, outcomeOf);
}

/** Reads something that an executor has given. @throws {WorkflowError} NODE_RESULT_INVALID if `read` throws */
export function readGiven<T>(given: unknown, nodeId: string, read: (given: unknown) => T): T {
  try {
    return read(given);
  } catch (error) {
    abandonPromises(given);
    const what =
      error instanceof Unfit ? error.what : `something that throws when it is read (${quoted(messageOf(error))})`;
    throw new WorkflowError("NODE_RESULT_INVALID", `Node ${quoted(nodeId)} returned ${what}; ${FORMS}.`, {
      details: { nodeId },
    });
  }
}

const FORMS =
  'an executor returns the next context (a plain object), patch(changes), route(context, "handle"), end(context) or suspend({ reason?, until? })';

/** What is wrong with a result, in words. */
export class Unfit {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

function outcomeOf(result: unknown): NodeOutcome {
  switch (kindOfResult(result)) {
    case "suspended":
      return { kind: "suspended", options: (result as Suspended).options };
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
export function kindOfResult(result: unknown): ResultKind | undefined {
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

export function isContext(value: unknown): value is WorkflowContext {
  return typeof value === "object" && value !== null && isPlain(value);
}

export function nameOf(value: unknown): string {
  return value === undefined ? "nothing" : kindOf(value);
}
