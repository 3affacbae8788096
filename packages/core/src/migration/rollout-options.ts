import * as z from "zod/mini";
import { checker, type OptionSchemas } from "../checker.ts";
import { count, positiveMs } from "../durations.ts";
import { type EngineInternals, internalsOf } from "../engine/engine-internals.ts";
import { WorkflowError } from "../errors.ts";
import type { ExecutorName, RolloutOutcome, StopReason } from "./outcomes.ts";
import type { Recorder } from "./recorder.ts";
import type { V1Call, V1Result } from "./v1-shape.ts";

/** The options of `createRollout`. */
export interface RolloutOptions<Call extends V1Call = V1Call, Context = Record<string, unknown>> {
  /** The old executor. It gets the call as it came, with all its fields. */
  v1: (call: Call) => V1Result<Context> | Promise<V1Result<Context>>;
  /** An engine that `createWorkflowEngine` returned. It gets `workflowId`, `userId` and `initialData`. */
  v2: { readonly executeWorkflow: (call: never) => unknown };
  /**
   * The percentage of keys that V2 serves, 0 to 100. A function is asked at each call, so a flag service or a row can
   * drive all processes.
   *
   * - If it throws, rejects, returns no number of 0 to 100, or takes longer than a second, V1 serves the call.
   */
  percent: number | ((call: Call) => number | Promise<number>);
  /** The key whose calls go the same way. Default: `workflow`. If a function fails, V1 serves the call. */
  by?: "workflow" | "user" | ((call: Call) => string | Promise<string>);
  /** Workflows and users with an executor of their own, whatever the percentage. The user's comes first. */
  overrides?: {
    workflows?: Readonly<Record<string, ExecutorName>>;
    users?: Readonly<Record<string, ExecutorName>>;
  };
  /**
   * The id of the call's execution: the same for a caller's retry, which then continues the execution instead of starting
   * over, also if the percentage has changed since. `undefined`: a new one. Costs a read of the store per call.
   */
  executionId?: (call: Call) => string | undefined;
  /** Records runs of V1, and compares V2 with them in the background. Without it nothing is compared. */
  shadow?: Recorder;
  /** How V2 is compared with the recordings of `shadow`. */
  compare?: CompareOptions;
  /**
   * When to send all calls of this process to V1, until it ends. Each is optional.
   *
   * - `mismatches`: this many comparisons with a difference.
   * - `errorRate`: this part (0 to 1) of the last 100 runs of V2 has failed, of at least 20.
   * - `overheadMs`: the median of the last 100 runs of V2, of at least 20: the time beside the executors, per node.
   */
  stopIf?: { mismatches?: number; errorRate?: number; overheadMs?: number };
  /** Is called once, when a limit of `stopIf` is reached. Its failures are ignored. */
  onStop?: (reason: StopReason) => unknown;
  /** Is called with every outcome. The call does not wait for it, and its failures are ignored. */
  onOutcome?: (outcome: RolloutOutcome) => unknown;
}

/** How V2 is compared with recordings of V1. */
export interface CompareOptions {
  /**
   * The node types whose own executors run in a comparison. Name only those **without side effects**: transformations,
   * conditions, loops. They may run twice. All others are answered from the recording. Default: none.
   */
  live?: readonly string[] | ((nodeType: string) => boolean);
  /**
   * The places in the context that differ by nature, such as `crm.*.at`; `*` is one key or index, `**` any number of them.
   * Times of the run itself, and values that differ between two runs of one live node, are found without it.
   */
  ignore?: readonly string[];
  /** Milliseconds after which a comparison is given up. Default: 5,000. */
  timeoutMs?: number;
  /** The bytes of recordings that may wait for their comparison. More are left out. Default: 16,000,000. */
  maxPendingBytes?: number;
}

const executorName = z.enum(["v1", "v2"]);
const aFunction = z.custom<unknown>((value) => typeof value === "function", "must be a function");

const OPTIONS: OptionSchemas<RolloutOptions> = {
  v1: aFunction,
  v2: z.custom<unknown>(
    (value) => internalsOf(value) !== undefined,
    "must be an engine that createWorkflowEngine returned",
  ),
  percent: z
    .custom<unknown>(
      (value) => typeof value === "number" || typeof value === "function",
      "must be a number or function",
    )
    .check(z.refine((value) => typeof value === "function" || isPercent(value), "must be from 0 to 100")),
  by: z.optional(
    z.custom<unknown>(
      (value) => value === "workflow" || value === "user" || typeof value === "function",
      'must be "workflow", "user" or a function',
    ),
  ),
  overrides: z.optional(
    z.strictObject({
      workflows: z.optional(z.record(z.string(), executorName)),
      users: z.optional(z.record(z.string(), executorName)),
    }),
  ),
  executionId: z.optional(aFunction),
  shadow: z.optional(
    z.custom<unknown>(
      (value) => typeof (value as Partial<Recorder> | null)?.run === "function",
      "must be a recorder that createRecorder returned",
    ),
  ),
  compare: z.optional(
    z.strictObject({
      live: z.optional(
        z.custom<unknown>(
          (value) =>
            typeof value === "function" || (Array.isArray(value) && value.every((each) => typeof each === "string")),
          "must be a list of node types, or a function",
        ),
      ),
      ignore: z.optional(z.array(z.string())),
      timeoutMs: z.optional(positiveMs),
      maxPendingBytes: z.optional(count),
    }),
  ),
  stopIf: z.optional(
    z.strictObject({
      mismatches: z.optional(count),
      errorRate: z.optional(
        z.number().check(z.refine((value) => value > 0 && value <= 1, "must be above 0, 1 at most")),
      ),
      overheadMs: z.optional(positiveMs),
    }),
  ),
  onStop: z.optional(aFunction),
  onOutcome: z.optional(aFunction),
};

const check = checker("createRollout", OPTIONS);

/** The options of a rollout, checked. */
export type CheckedRollout<Call extends V1Call> = Omit<RolloutOptions<Call>, "v2"> & { v2: EngineInternals };

/** @throws {WorkflowError} INVALID_ARGUMENT */
export function checkRolloutOptions<Call extends V1Call>(given: unknown): CheckedRollout<Call> {
  const options = check(given) as unknown as RolloutOptions<Call>;
  const v2 = internalsOf(options.v2);
  if (v2 === undefined) throw new WorkflowError("INVALID_ARGUMENT", "createRollout: v2 must be an engine.");
  return { ...options, v2 };
}

/** A number that a percentage can be. */
export function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
