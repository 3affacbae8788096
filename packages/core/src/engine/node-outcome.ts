import { messageOf, WorkflowError } from "../errors.ts";
import { isPlain } from "../state/live-values.ts";
import { quoted } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import { type Patch, type Routed, resultKind, type Suspended, type WorkflowContext } from "./node-executor.ts";

/** What an executor's result asks for. */
export type NodeOutcome =
  | { kind: "next"; context?: WorkflowContext; changes?: WorkflowContext; handles?: readonly string[] }
  | { kind: "suspended"; wakeAt: number | undefined };

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
    const what =
      error instanceof Unfit ? error.what : `something that throws when it is read (${quoted(messageOf(error))})`;
    throw new WorkflowError(
      "NODE_RESULT_INVALID",
      `Node ${quoted(nodeId)} returned ${what}; an executor returns the next context, a plain object, or patch(), route() or suspend().`,
      { details: { nodeId } },
    );
  }
}

/** What is wrong with a result, in words. */
class Unfit {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

function outcomeOf(result: unknown): NodeOutcome {
  switch (resultKind(result)) {
    case "suspended":
      return { kind: "suspended", wakeAt: readWakeAt((result as Suspended).options) };
    case "routed": {
      const { result: inner, handles } = result as Routed;
      const outcome = outcomeOf(inner);
      if (outcome.kind === "next" && outcome.handles === undefined) {
        return { ...outcome, handles: readHandles(handles) };
      }
      throw new Unfit("route() around another route() or a suspend()");
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

function readHandles(handles: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(handles) ? Array.from(handles) : [handles];
  for (const handle of list) {
    if (typeof handle !== "string") throw new Unfit(`route() to ${nameOf(handle)}, which is no handle`);
  }
  return list as string[];
}

/** A fraction of a millisecond is rounded up, so that nothing wakes early; a time before 1970 has passed all the same. */
function readWakeAt(options: unknown): number | undefined {
  if (!isContext(options)) throw new Unfit(`suspend() with ${nameOf(options)}`);
  const { wakeAt, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Unfit(`suspend() with an unknown option ${quoted(unknown)}`);
  if (wakeAt === undefined) return undefined;
  const isTime = typeof wakeAt === "number" || Object.prototype.toString.call(wakeAt) === "[object Date]";
  const ms = isTime ? Math.max(0, Math.ceil(Number(wakeAt))) : Number.NaN;
  if (ms <= MAX_TIME_MS) return ms;
  const given = typeof wakeAt === "number" ? String(wakeAt) : isTime ? "an invalid Date" : nameOf(wakeAt);
  throw new Unfit(`suspend() until ${given}, which is no time that a Date can hold`);
}

function isContext(value: unknown): value is WorkflowContext {
  return typeof value === "object" && value !== null && isPlain(value);
}

function nameOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value !== "object") return `a ${typeof value}`;
  const name: unknown = value.constructor?.name;
  return `an instance of ${typeof name === "string" && name !== "" ? quoted(name) : "an unknown class"}`;
}
