import { checker } from "../checker.ts";
import { COMPARISON, type CompareOptions, replayOptionsOf } from "./compare-options.ts";
import { RecordingComparison } from "./compare-recording.ts";
import { checkedInternals, engineOption } from "./engine-option.ts";
import type { ShadowOutcome } from "./outcomes.ts";
import type { Recording } from "./recording.ts";

/**
 * The options of {@link createComparison}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/rollout.md#phase-1-compare
 */
export interface ComparisonOptions extends CompareOptions {
  /** An engine that `createWorkflowEngine` returned. Its store is not used. */
  v2: { readonly executeWorkflow: (call: never) => unknown };
}

const check = checker<ComparisonOptions>("createComparison", { v2: engineOption, ...COMPARISON });

/**
 * Creates a function that compares V2 with a recording of V1, as a rollout does it with those of its `shadow`.
 *
 * - For recordings that you have kept: for a test, or to compare in another process. The function never rejects.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const compare = createComparison({ v2: engine, live: ["transform", "if"] });
 * for (const recording of recordings) expect(await compare(recording)).toMatchObject({ result: "equal" });
 * ```
 */
export function createComparison(options: ComparisonOptions): (recording: Recording) => Promise<ShadowOutcome> {
  const { v2, ...compare } = check(options);
  const comparison = new RecordingComparison(checkedInternals(v2), replayOptionsOf(compare, "createComparison"));
  return (recording) => comparison.compare(recording);
}
