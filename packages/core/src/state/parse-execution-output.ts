import { isWorkflowError, messageOf, readProperty, WorkflowError } from "../errors.ts";
import { cleanText } from "../text.ts";
import { MAX_TIME_MS } from "../time.ts";
import type { Codec } from "./codec.ts";
import type { ExecutionOutput, ExecutionOutputCheckpoint } from "./execution-output.ts";
import { isPlain } from "./live-values.ts";
import type { ValueTypes } from "./plain-json.ts";
import { TaggedJson } from "./tagged-json.ts";

/** No execution comes near it, and the steps that follow can still be counted. */
const MAX_STEPS = 2 ** 40;

/** An old output, checked; its contexts are the codec's own values. */
export interface ParsedOutput extends Omit<ExecutionOutput, "checkpoints" | "waymarkTypes"> {
  checkpoints: ParsedCheckpoint[];
}

/** A checkpoint of an old output. Ids are not taken over: an execution's records have ids of its own. */
export interface ParsedCheckpoint extends Omit<ExecutionOutputCheckpoint, "id" | "timestamp"> {
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/**
 * Reads the old shape, and checks all of it.
 *
 * - The contexts are data, whatever keys they have: tags are read only from `waymarkTypes`, which `toExecutionOutput`
 *   writes beside them.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, STATE_TYPE_UNKNOWN
 */
export function parseExecutionOutput(codec: Codec, output: unknown): ParsedOutput {
  const json = typeof output === "string" ? parseJson(output) : output;
  const { checkpoints, currentContext, currentStep, totalSteps, error, waymarkTypes } = fieldsOf(json, "it");
  if (!isCount(currentStep)) throw invalid("currentStep is not a whole number");
  if (!isCount(totalSteps)) throw invalid("totalSteps is not a whole number");
  const contexts = new Contexts(codec, waymarkTypes);
  const parsed: ParsedOutput = {
    checkpoints: itemsOf(checkpoints).map((each, index) => parseCheckpoint(contexts, each, index)),
    currentContext: contexts.read(currentContext, ["currentContext"]),
    currentStep,
    totalSteps,
  };
  if (!isAbsent(error)) parsed.error = errorText(codec, error);
  contexts.assertComplete();
  return parsed;
}

function parseCheckpoint(contexts: Contexts, json: unknown, index: number): ParsedCheckpoint {
  const at = `checkpoints[${index}]`;
  const { nodeId, nodeName, stepNumber, context, timestamp, error } = fieldsOf(json, at);
  if (!isId(nodeId)) throw invalid(`${at}.nodeId is not an id`);
  if (!isAbsent(nodeName) && !isText(nodeName)) throw invalid(`${at}.nodeName is not a text`);
  if (!isCount(stepNumber)) throw invalid(`${at}.stepNumber is not a whole number`);
  const parsed: ParsedCheckpoint = {
    nodeId,
    nodeName: isText(nodeName) && nodeName !== "" ? nodeName : "default",
    stepNumber,
    context: contexts.read(context, ["checkpoints", index, "context"]),
    timestamp: timeOf(timestamp, `${at}.timestamp`),
  };
  if (!isAbsent(error)) parsed.error = errorText(contexts.codec, error);
  return parsed;
}

/** Turns the contexts of one output into the codec's own values. */
class Contexts {
  readonly codec: Codec;
  readonly #tags: TaggedJson | undefined;

  constructor(codec: Codec, types: unknown) {
    this.codec = codec;
    this.#tags = isAbsent(types) ? undefined : new TaggedJson(checkTypes(this.#own(types, "waymarkTypes")));
  }

  read(json: unknown, path: (string | number)[]): Record<string, unknown> {
    const at = path
      .reduce<string>((text, key) => text + (typeof key === "number" ? `[${key}]` : `.${key}`), "")
      .slice(1);
    let value = this.#own(json, at);
    if (this.#tags !== undefined) value = this.#tagged(this.#tags, value, path);
    if (typeof value !== "object" || value === null || !isPlain(value)) throw invalid(`${at} is not an object`);
    return value;
  }

  assertComplete(): void {
    if (this.#tags?.isComplete === false) throw invalid("waymarkTypes names values that are not there");
  }

  #own(json: unknown, at: string): unknown {
    try {
      return this.codec.take(json, []).value;
    } catch (cause) {
      throw invalid(`${at}: ${problemOf(cause)}`, cause);
    }
  }

  #tagged(tags: TaggedJson, json: unknown, path: readonly (string | number)[]): unknown {
    try {
      return this.codec.revive(tags.from(json, path));
    } catch (cause) {
      if (isWorkflowError(cause, "STATE_TYPE_UNKNOWN")) throw cause;
      throw invalid(`waymarkTypes does not fit its values: ${problemOf(cause)}`, cause);
    }
  }
}

function checkTypes(types: unknown): ValueTypes {
  const isKey = (key: unknown) => typeof key === "string" || typeof key === "number";
  const isEntry = (entry: unknown): boolean =>
    Array.isArray(entry) &&
    entry.length > 1 &&
    Array.isArray(entry[0]) &&
    entry[0].every(isKey) &&
    entry.slice(1).every((name) => typeof name === "string");
  if (!Array.isArray(types) || !types.every(isEntry)) throw invalid("waymarkTypes is not a list of paths with types");
  return types as ValueTypes;
}

/** The fields of an object, each read once. */
function fieldsOf(json: unknown, at: string): Readonly<Record<string, unknown>> {
  const isObject = typeof json === "object" && json !== null;
  const fields = readable(at, () => (isObject && !Array.isArray(json) ? { ...json } : undefined));
  if (fields === undefined) throw invalid(`${at} is not an object`);
  return fields;
}

function itemsOf(checkpoints: unknown): unknown[] {
  if (isAbsent(checkpoints)) return [];
  const items = readable("checkpoints", () => (Array.isArray(checkpoints) ? Array.from(checkpoints) : undefined));
  if (items === undefined) throw invalid("checkpoints is not a list");
  return items;
}

/** Returns what `read` does. A getter or a revoked proxy may throw whatever is asked of it, also whether it is a list. */
function readable<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw invalid(`${at} cannot be read`, cause);
  }
}

/** The message of an error, however the old row kept it. */
function errorText(codec: Codec, error: unknown): string {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null) return String(error);
  const message = readProperty(error, "message");
  if (typeof message === "string") return message;
  try {
    return codec.encode(error);
  } catch {
    return messageOf(error);
  }
}

/** A Date, text or number as milliseconds since the epoch. @throws {WorkflowError} INVALID_ARGUMENT */
export function timeOf(value: unknown, at: string): number {
  const ms = typeof value === "string" ? Date.parse(value) : typeof value === "number" ? value : dateOf(value);
  if (ms >= 0 && ms <= MAX_TIME_MS) return Math.floor(ms);
  throw invalid(`${at} is not a time since 1970`);
}

function dateOf(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return Number.NaN; // not a Date
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("it is not JSON");
  }
}

export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0");
}

function isId(value: unknown): value is string {
  return isText(value) && value !== "";
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_STEPS;
}

function problemOf(cause: unknown): string {
  return cleanText(messageOf(cause), 500).replace(/\.$/, "");
}

function invalid(problem: string, cause?: unknown): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The execution output cannot be imported: ${problem}.`, { cause });
}
