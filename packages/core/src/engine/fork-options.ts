import { checker } from "../checker.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { type Check, filter, type OptionTable, oneOf, optional, options, wholeNumber } from "../option.ts";
import { id } from "../state/id-option.ts";
import { shapeOf } from "../state/live-values.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type { OfUser } from "./run-options.ts";

/**
 * The point of an execution's history at which a fork begins. Exactly one of the three.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/stopping-repeating-forking.md#forking
 */
export type ForkPoint =
  /** After a checkpoint. After that of a failure: with the state before the failed node. */
  | { checkpointId: string; stepNumber?: undefined; beforeNode?: undefined; visit?: undefined }
  /** After a step; 0 is the initial state. */
  | { stepNumber: number; checkpointId?: undefined; beforeNode?: undefined; visit?: undefined }
  /** Before a run of a node, the last one unless `visit` names another; or before the node that runs next. */
  | { beforeNode: string; visit?: number; checkpointId?: undefined; stepNumber?: undefined };

/**
 * The options of `forkExecution`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/stopping-repeating-forking.md#forking
 */
export interface ForkExecutionOptions<Context extends object = WorkflowContext> extends OfUser {
  /** The execution to fork. It is only read. */
  executionId: string;
  at: ForkPoint;
  /** The context that the fork begins with, in place of the one at that point. */
  context?: Context;
  /** The definition that the original has (default), or the one that the engine has now. */
  definition?: "original" | "current";
}

const POINTS = ["checkpointId", "stepNumber", "beforeNode"] as const;
const POINT_FORMS = "an object { beforeNode, visit? }, { stepNumber } or { checkpointId }";

type Given = Partial<Record<(typeof POINTS)[number] | "visit", unknown>>;

const POINT = options(
  {
    checkpointId: optional(id),
    stepNumber: optional(wholeNumber(0)),
    beforeNode: optional(id),
    visit: optional(wholeNumber(1)),
  },
  POINT_FORMS,
);

const context: Check = (value) =>
  typeof value === "object" && value !== null && shapeOf(value, []) === "plain"
    ? undefined
    : mustBe("a plain object", value);

const forkOptions: OptionTable<ForkExecutionOptions> = {
  executionId: id,
  at: POINT,
  context: optional(context),
  definition: optional(oneOf("original", "current")),
  userId: filter(id),
};

const check = checker<ForkExecutionOptions<object>>("forkExecution", forkOptions);

/** Checks what `forkExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkForkOptions(value: unknown): ForkExecutionOptions<object> {
  const options = check(value);
  const { visit, ...points } = options.at as Given;
  const named = POINTS.filter((name) => points[name] !== undefined);
  const problem =
    named.length !== 1
      ? `must have exactly one of checkpointId, stepNumber and beforeNode, not ${named.length === 0 ? "none" : named.join(" and ")}`
      : visit !== undefined && points.beforeNode === undefined
        ? "visit goes only with beforeNode"
        : undefined;
  if (problem === undefined) return options;
  throw new WorkflowError("INVALID_ARGUMENT", `forkExecution: at: ${problem}.`);
}
