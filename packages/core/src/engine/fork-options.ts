import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { WorkflowError } from "../errors.ts";
import { filter, id } from "../state/id-schemas.ts";
import { shapeOf } from "../state/live-values.ts";
import type { WorkflowContext } from "./node-executor.ts";
import type { OfUser } from "./run-options.ts";

/** The point of an execution's history at which a fork begins. Exactly one of the three. */
export type ForkPoint =
  /** After a checkpoint. After that of a failure: with the state before the failed node. */
  | { checkpointId: string; stepNumber?: undefined; beforeNode?: undefined; visit?: undefined }
  /** After a step; 0 is the initial state. */
  | { stepNumber: number; checkpointId?: undefined; beforeNode?: undefined; visit?: undefined }
  /** Before a run of a node, the last one unless `visit` names another; or before the node that runs next. */
  | { beforeNode: string; visit?: number; checkpointId?: undefined; stepNumber?: undefined };

/** The options of `forkExecution`. */
export interface ForkExecutionOptions<Context extends object = WorkflowContext> extends OfUser {
  /** The execution to fork. It is only read. */
  executionId: string;
  at: ForkPoint;
  /** The context that the fork begins with, in place of the one at that point. */
  context?: Context;
  /** The definition that the original has (default), or the one that the engine has now. */
  definition?: "original" | "current";
}

const count = (least: number) =>
  z
    .number()
    .check(
      z.refine((value) => Number.isSafeInteger(value) && value >= least, `must be a whole number, ${least} or more`),
    );

const POINTS = ["checkpointId", "stepNumber", "beforeNode"] as const;

type Given = Partial<Record<(typeof POINTS)[number] | "visit", unknown>>;

const point = z
  .strictObject({
    checkpointId: z.optional(id),
    stepNumber: z.optional(count(0)),
    beforeNode: z.optional(id),
    visit: z.optional(count(1)),
  })
  .check(
    z.refine(
      (given: Given) => POINTS.filter((name) => given[name] !== undefined).length === 1,
      "must have exactly one of checkpointId, stepNumber and beforeNode",
    ),
    z.refine(
      ({ visit, beforeNode }: Given) => visit === undefined || beforeNode !== undefined,
      "visit goes only with beforeNode",
    ),
  );

const forkOptions: OptionSchemas<ForkExecutionOptions> = {
  executionId: id,
  at: point,
  context: z.optional(z.unknown()),
  definition: z.optional(z.enum(["original", "current"])),
  userId: filter(id),
};

const check = checker<ForkExecutionOptions<object>>("forkExecution", forkOptions);

/** Checks what `forkExecution` is given. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkForkOptions(value: unknown): ForkExecutionOptions<object> {
  const options = check(value);
  const { context } = options as { context?: unknown };
  if (context === undefined) return options;
  const isObject = typeof context === "object" && context !== null;
  if (isObject && shapeOf(context, []) === "plain") return options;
  throw new WorkflowError("INVALID_ARGUMENT", "forkExecution: context: must be a plain object.");
}
