import { checker } from "../checker.ts";
import { RETRY_FORM, retryFields } from "../definition/schema.ts";
import { positiveMs } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import { isClass, isThenable, mustBe } from "../given.ts";
import { type Check, callback, type OptionTable, oneOf, optional, options, texts, wholeNumber } from "../option.ts";
import { isPlain } from "../state/live-values.ts";
import { SHARED_OPTIONS } from "../state/state-options.ts";
import { quoted } from "../text.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import { nodeConcurrency } from "./node-concurrency.ts";

const WORKFLOWS = "a list of definitions, a record of them by id, or a function";
const EXECUTORS = "a record by node type, { default: executor }";

const workflows: Check = (value) => {
  if (typeof value === "function" && !isClass(value)) return undefined;
  if (typeof value === "string") return `${mustBe(WORKFLOWS, value)}: use JSON.parse`;
  if (!Array.isArray(value) && !isRecord(value)) return `${mustBe(WORKFLOWS, value)}${cureOf(value)}`;
  const { nodes, edges } = value as { nodes?: unknown; edges?: unknown };
  if (Array.isArray(nodes) && Array.isArray(edges))
    return `must be ${WORKFLOWS}, not one definition: write [definition]`;
  return Array.isArray(value) ? listProblem(value) : undefined;
};

function listProblem(definitions: readonly unknown[]): string | undefined {
  const ids = new Set<unknown>();
  for (const [index, definition] of definitions.entries()) {
    // An entry that is not there is passed over.
    if (definition === null || definition === undefined) continue;
    if (typeof definition !== "object" || Array.isArray(definition) || isPromise(definition)) {
      return `${index}: ${mustBe("a workflow definition, an object", definition)}`;
    }
    const { id } = definition as { id?: unknown };
    if (ids.has(id)) return `two workflows have the id ${quoted(id)}; give each an id of its own`;
    ids.add(id);
  }
  return undefined;
}

/** Executors, by the types of their nodes. */
export const executorRecord: Check = (value) => executorsProblem(value, EXECUTORS);

const executors: Check = (value) =>
  typeof value === "function" && !isClass(value) ? undefined : executorsProblem(value, `${EXECUTORS}, or a function`);

function executorsProblem(value: unknown, expected: string): string | undefined {
  if (!isRecord(value)) return `${mustBe(expected, value)}${cureOf(value)}`;
  for (const [type, executor] of Object.entries(value as object)) {
    const problem = executorProblem(executor);
    if (problem !== undefined) return `${quoted(type)}: ${problem}`;
  }
  return undefined;
}

/** Returns what is wrong with an executor, as the end of a sentence about it. */
export function executorProblem(executor: unknown): string | undefined {
  if (typeof executor === "function" && !isClass(executor)) return undefined;
  const problem = mustBe("a function", executor);
  if (isClass(executor)) return `${problem}: write (args) => new ${executor.name}().run(args)`;
  if (typeof executor !== "object" || executor === null || isThenable(executor)) return problem;
  const inside = Object.entries(executor).find(([, value]) => typeof value === "function");
  return inside === undefined ? problem : `${problem}: pass its ${quoted(inside[0], 40)}`;
}

function cureOf(value: unknown): string {
  return value instanceof Map ? ": use Object.fromEntries(map)" : "";
}

const logger = withFunctions("an object with the functions debug, info, warn and error", [
  "debug",
  "info",
  "warn",
  "error",
]);
const dispatcher = withFunctions("a dispatcher, such as what bullmqDispatcher or pgBossDispatcher returns", [
  "enqueue",
  "work",
  "close",
]);

/** Returns the check of an object that has functions of these names. */
function withFunctions(expected: string, names: readonly string[]): Check {
  return (value) => {
    const given = (value ?? {}) as Readonly<Record<string, unknown>>;
    const missing = names.filter((name) => typeof given[name] !== "function");
    if (missing.length === 0) return undefined;
    const isObject = typeof value === "object" && value !== null && !isPromise(value);
    return `${mustBe(expected, value)}${isObject ? `, which has no ${missing.join(", ")}` : ""}`;
  };
}

const engineOptions: OptionTable<WorkflowEngineOptions> = {
  ...SHARED_OPTIONS,
  workflows,
  executors,
  dispatcher: optional(dispatcher),
  retry: optional(options(retryFields, RETRY_FORM)),
  nodeTimeoutMs: optional(positiveMs),
  timeoutMs: optional(positiveMs),
  nodeConcurrency: optional(nodeConcurrency),
  maxRecoveries: optional(wholeNumber(0)),
  durability: optional(oneOf("sync", "async")),
  logger: optional(logger),
  redact: optional(texts),
  onEvent: optional(callback),
};

const check: (value: unknown) => WorkflowEngineOptions = checker("createWorkflowEngine", engineOptions);

/** Checks the arguments of `createWorkflowEngine`. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkEngineOptions(given: readonly unknown[]): WorkflowEngineOptions {
  if (given.length > 1) {
    const form = "{ store, workflows, executors, … }";
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `createWorkflowEngine: takes one object ${form}, and was given ${given.length} arguments.`,
    );
  }
  return check(given[0]);
}

/** A plain object with a key `then` is none: a node type or a workflow can have that name. */
function isPromise(value: unknown): boolean {
  return isThenable(value) && !isPlain(value as object);
}

/** Not a list, nor what only looks empty: a Map, a class's methods, or a promise that was not awaited. */
export function isRecord(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value) || isPromise(value)) return false;
  return isPlain(value) || Object.keys(value).length > 0;
}
