import { checker } from "../checker.ts";
import { count, positiveMs } from "../durations.ts";
import type { EngineInternals } from "../engine/engine-internals.ts";
import { mustBe } from "../given.ts";
import { type Check, callback, numberFrom, type OptionTable, optional, options } from "../option.ts";
import { quoted } from "../text.ts";
import { COMPARISON, type CompareOptions } from "./compare-options.ts";
import { checkedInternals, engineOption } from "./engine-option.ts";
import type { ExecutorName, RolloutOutcome, StopReason } from "./outcomes.ts";
import type { Recorder } from "./recorder.ts";
import type { V1Call, V1Result } from "./v1-shape.ts";

/**
 * The options of `createRollout`.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/rollout.md#who-goes-where
 */
export interface RolloutOptions<Call extends V1Call = V1Call, Context = Record<string, unknown>> {
  /** The old executor. It gets the call as it came, with all its fields. */
  v1: (call: Call) => V1Result<Context> | Promise<V1Result<Context>>;
  /**
   * An engine that `createWorkflowEngine` returned. It gets those fields of the call that its `executeWorkflow` knows, such
   * as `startAt`, `metadata`, `signal` and `timeoutMs`.
   */
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
   * over, also if the percentage has changed since. `undefined`: a new one. Costs a read of the store per call. Default:
   * the call's own `executionId`, if it is a text.
   */
  executionId?: (call: Call) => string | undefined;
  /**
   * Returns true if V1 has served an earlier try of a call with an `executionId`, as your own table has it: V1 then gets it
   * again, although its key now goes to V2. It is asked about calls that V2 would begin. If it fails, or takes longer than
   * a second, V1 serves the call. Default: only the last 10,000 ids that V1 has served in this process are known.
   */
  servedByV1?: (call: Call) => boolean | Promise<boolean>;
  /** Records runs of V1, and compares V2 with them in the background. Without it nothing is compared. */
  shadow?: Recorder;
  /**
   * Settings of the comparison of V2 with the recordings of `shadow`.
   *
   * - `maxPendingBytes`: the bytes of recordings that may wait for their comparison. More are left out. Default:
   *   16,000,000.
   */
  compare?: CompareOptions & { maxPendingBytes?: number };
  /**
   * When to send all calls of this process to V1, until it ends. Each is optional.
   *
   * - `mismatches`: this many comparisons with a difference.
   * - `errorRate`: this part (0 to 1) of the last 100 runs of V2 has failed, of at least 20. A fallback to V1 counts as
   *   failed. A call that is wrong or was aborted does not count, and of several runs of an execution only the last one.
   * - `overheadMs`: the median of the last 100 runs of V2, of at least 20: the time beside the executors, per node.
   */
  stopIf?: { mismatches?: number; errorRate?: number; overheadMs?: number };
  /** Is called once, when a limit of `stopIf` is reached. Its failures are ignored. */
  onStop?: (reason: StopReason) => unknown;
  /** Is called with every outcome. The call does not wait for it, and its failures are ignored. */
  onOutcome?: (outcome: RolloutOutcome) => unknown;
}

const PERCENT = "a number from 0 to 100, or a function";
const EXECUTORS = 'an object of "v1" or "v2" by key';

const byKey: Check = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return mustBe(EXECUTORS, value);
  const wrong = Object.entries(value).find(([, executor]) => executor !== "v1" && executor !== "v2");
  return wrong === undefined ? undefined : `must be ${EXECUTORS}; that of ${quoted(wrong[0], 40)} is neither`;
};

const OPTIONS: OptionTable<RolloutOptions> = {
  v1: callback,
  v2: engineOption,
  percent: (value) => (typeof value === "function" || isPercent(value) ? undefined : mustBe(PERCENT, value)),
  by: optional((value) =>
    value === "workflow" || value === "user" || typeof value === "function"
      ? undefined
      : mustBe('"workflow", "user" or a function', value),
  ),
  overrides: optional(
    options({ workflows: optional(byKey), users: optional(byKey) }, "an object { workflows?, users? }"),
  ),
  executionId: optional(callback),
  servedByV1: optional(callback),
  shadow: optional((value) =>
    typeof (value as Partial<Recorder> | null)?.run === "function"
      ? undefined
      : mustBe("a recorder that createRecorder returned", value),
  ),
  compare: optional(
    options(
      { ...COMPARISON, maxPendingBytes: optional(count) },
      "an object { live?, ignore?, timeoutMs?, maxPendingBytes? }",
    ),
  ),
  stopIf: optional(
    options(
      {
        mismatches: optional(count),
        errorRate: optional(numberFrom(Number.MIN_VALUE, 1, "a number above 0, 1 at most")),
        overheadMs: optional(positiveMs),
      },
      "an object { mismatches?, errorRate?, overheadMs? }",
    ),
  ),
  onStop: optional(callback),
  onOutcome: optional(callback),
};

const check = checker("createRollout", OPTIONS);

/** The options of a rollout, checked. */
export type CheckedRollout<Call extends V1Call> = Omit<RolloutOptions<Call>, "v2"> & { v2: EngineInternals };

/** @throws {WorkflowError} INVALID_ARGUMENT */
export function checkRolloutOptions<Call extends V1Call>(given: unknown): CheckedRollout<Call> {
  const rollout = check(given) as unknown as RolloutOptions<Call>;
  return { ...rollout, v2: checkedInternals(rollout.v2) };
}

/** A number that a percentage can be. */
export function isPercent(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
