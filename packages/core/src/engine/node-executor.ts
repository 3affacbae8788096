import { checker } from "../checker.ts";
import type { WorkflowNode } from "../definition/schema.ts";
import { type StandardSchema, standardSchema } from "../definition/standard-schema.ts";
import { callback, optional, text, texts } from "../option.ts";
import type { Adjusted } from "../state/adjustments.ts";

/**
 * The state that nodes hand on: a plain object of values that a checkpoint keeps (see docs/context.md).
 *
 * - The default of every `Context` type parameter. A type of your own may be an interface or a type alias.
 */
export type WorkflowContext = Record<string, unknown>;

/** The arguments of a node's executor. */
export interface NodeExecutorArgs<Context extends object = WorkflowContext, Data = Record<string, unknown>> {
  /** The context after the nodes before this one. Deeply frozen, but for Map, Set, Date and bytes, which are copies. */
  context: Readonly<Context>;
  node: WorkflowNode;
  /** The node's `data`; validated and typed where the executor was made by `defineNode`. */
  data: Data;
  userId: string;
  workflowId: string;
  executionId: string;
  /** Counts the runs of the node in this execution, from 1. */
  visit: number;
  /** The number of the attempt, from 1. It rises over failures, crashes and runs. */
  attempt: number;
  /**
   * One per execution, node and visit: the same for every attempt, also after a crash or a resume. An execution that is
   * deleted and made again under its id gets other keys. 46 characters, safe in a header.
   */
  idempotencyKey: string;
  /**
   * The token of this visit's next `suspend()`. Anybody who has it can answer, by `answerWait`. It names the execution,
   * cannot be guessed, is safe in an address, and is the same for every attempt until the node has suspended.
   */
  waitToken: string;
  /**
   * Present if this node's `suspend()` was answered, or its time was over. Then `timedOut` is true, and `data` is
   * `undefined`.
   */
  resume?: { data: unknown; timedOut: boolean };
  /** Aborts when the node's or the run's time is up, and when the caller aborts. */
  signal: AbortSignal;
  log: NodeLogger;
}

/** Passes lines to the engine's `logger`, and to `onEvent` as events of type `log`. */
export interface NodeLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The result of a node's executor: the whole next context, or one of the marked results. */
export type NodeResult<Context extends object = WorkflowContext> =
  | Context
  | Patch<Partial<Context>>
  | Routed<Context | Patch<Partial<Context>>>
  | Ended<Context | Patch<Partial<Context>>>
  | Suspended<Context | Patch<Partial<Context>>>;

/** The code behind a node type. */
export type NodeExecutor<Context extends object = WorkflowContext, Data = Record<string, unknown>> = (
  args: NodeExecutorArgs<Context, Data>,
) => NodeResult<Context> | Promise<NodeResult<Context>>;

/** An executor made by {@link defineNode}: it carries its type and the schema of its data. */
export interface DefinedNode<Context extends object, Data, Type extends string = string>
  extends NodeExecutor<Context, Data> {
  readonly type: Type;
  readonly dataSchema: StandardSchema<unknown, Data>;
  /** The outputs that `route()` can name. Absent: any. */
  readonly outputs?: readonly string[];
}

const RESULT = Symbol.for("waymark.NodeResult");

/** Made by {@link patch}. */
export interface Patch<Changes extends object = WorkflowContext, Keys extends string = keyof Changes & string> {
  readonly [RESULT]: "patch";
  readonly changes: Changes;
  /** For the compiler only: so that a key that the context does not have is an error. */
  readonly keys?: Keys;
}

/** Made by {@link route}. */
export interface Routed<Result extends object = WorkflowContext | Patch> {
  readonly [RESULT]: "routed";
  readonly result: Result;
  readonly handles: string | readonly string[];
}

/** Made by {@link end}. */
export interface Ended<Result extends object = WorkflowContext | Patch> {
  readonly [RESULT]: "ended";
  readonly result: Result;
}

/** Made by {@link suspend}. */
export interface Suspended<Result extends object = WorkflowContext | Patch> {
  readonly [RESULT]: "suspended";
  readonly options: SuspendOptions<Result>;
}

/**
 * The options of {@link suspend}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/waiting-and-approvals.md#suspend
 */
export interface SuspendOptions<Result extends object = WorkflowContext | Patch> {
  /** The reason for the wait, for people and listings: up to 200 characters. */
  reason?: string;
  /** A value for those who answer: a question, a form. Results and states show it. Any value that a context can hold. */
  payload?: unknown;
  /** The time at which the node runs again without an answer: a Date, or milliseconds since the epoch. */
  until?: Date | number;
  /** The same as a duration, in milliseconds from now by the store's clock: up to a hundred years. Not with `until`. */
  forMs?: number;
  /** The context that is kept before the wait: a whole one, or a `patch()`. Default: as it was before the node. */
  context?: Result;
}

/**
 * A result that names only what changed: top-level keys to set, the others stay.
 *
 * - Cheaper than a whole context if the context is large.
 * - A value can also be `append()`, `add()` or `merge()`, which adjust the value that the context has when the node is
 *   committed.
 * - Its keys and values are checked against the executor's context type.
 */
export function patch<Changes extends object>(changes: Changes): Patch<Adjusted<Changes>>;
export function patch<Changes extends object>(changes: Changes, ...others: unknown[]): Patch<Adjusted<Changes>> {
  return { [RESULT]: "patch", changes: changes as Adjusted<Changes>, ...surplus(others) };
}

/**
 * A result that takes only the edges whose `sourceHandle` is one of `handles`, and those without one.
 *
 * @example
 * ```ts
 * const isLarge: NodeExecutor = ({ context }) => route(context, Number(context.total) > 100 ? "true" : "false");
 * ```
 */
export function route<Result extends object>(result: Result, handles: string | readonly string[]): Routed<Result>;
export function route<Result extends object>(
  result: Result,
  handles: string | readonly string[],
  ...others: unknown[]
): Routed<Result> {
  return { [RESULT]: "routed", result, handles, ...surplus(others) };
}

/**
 * A result that takes no edge at all, not even those without a `sourceHandle`: nothing follows from this node.
 *
 * @example
 * ```ts
 * const onlyNew: NodeExecutor = ({ context }) => (context.isNew ? context : end(context));
 * ```
 */
export function end<Result extends object>(result: Result): Ended<Result>;
export function end<Result extends object>(result: Result, ...others: unknown[]): Ended<Result> {
  return { [RESULT]: "ended", result, ...surplus(others) };
}

/**
 * A result that makes the node wait for an answer: from `answerWait`, or from `resumeWorkflow` with `data`.
 *
 * - The node then runs again, with `resume.data`. A resume without `data` leaves it waiting.
 * - Nodes that do not depend on it run first; the execution is `suspended` once nothing else can run.
 * - Once `until` or `forMs` has passed, the wait takes no answer any more, and the node runs again with
 *   `resume.timedOut`.
 *
 * @example
 * ```ts
 * const approve: NodeExecutor = ({ context, resume }) => {
 *   if (resume === undefined) return suspend({ reason: "approval", payload: { total: context.total }, forMs: 86_400_000 });
 *   return patch({ approved: !resume.timedOut && resume.data === "yes" });
 * };
 * ```
 */
export function suspend<Result extends object = never>(options?: SuspendOptions<Result>): Suspended<Result>;
export function suspend<Result extends object = never>(
  options: SuspendOptions<Result> = {},
  ...others: unknown[]
): Suspended<Result> {
  return { [RESULT]: "suspended", options, ...surplus(others) };
}

/** The mark of a call with too many arguments. It is refused when the result is read: here it would be a failure of the executor's. */
function surplus(others: readonly unknown[]): { surplus: number } | undefined {
  return others.length === 0 ? undefined : { surplus: others.length };
}

/** Returns the kind of a marked result; `undefined` for a plain context and for anything else. */
export function resultKind(value: unknown): ResultKind | undefined {
  return typeof value === "object" && value !== null ? (value as { [RESULT]?: ResultKind })[RESULT] : undefined;
}

export type ResultKind = "patch" | "routed" | "ended" | "suspended";

/**
 * Makes an executor whose node `data` is validated before anything runs, and typed.
 *
 * - `data` is any Standard Schema: zod, valibot, arktype.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const delay = defineNode({
 *   type: "delay",
 *   data: z.object({ ms: z.number() }),
 *   run: async ({ data, context }) => ({ ...context, waited: data.ms }),
 * });
 * ```
 */
export function defineNode<Data, Context extends object = WorkflowContext, const Type extends string = string>(node: {
  type: Type;
  data: StandardSchema<unknown, Data>;
  /** The outputs that `route()` can name, the first one first. Edges and results that name another are refused. */
  outputs?: readonly string[];
  run: NodeExecutor<Context, Data>;
}): DefinedNode<Context, Data, Type> {
  const { type, data, outputs, run } = checkNode(node) as typeof node;
  const executor: NodeExecutor<Context, Data> = (args) => run(args);
  return Object.assign(executor, { type, dataSchema: data, ...(outputs === undefined ? {} : { outputs }) });
}

const checkNode = checker<{ type: string; data: unknown; outputs?: unknown; run: unknown }>("defineNode", {
  type: text,
  data: standardSchema,
  outputs: optional(texts),
  run: callback,
});
