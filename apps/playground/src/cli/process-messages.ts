import type { ComparisonReport } from "../compare/report.ts";
import type { CompareFlags } from "./compare-flags.ts";
import type { Step } from "./progress.ts";

/** The task of the process that compares. */
export interface ComparisonTask {
  files: readonly string[];
  flags: CompareFlags;
}

/** A step of a comparison with a time limit. The process is ended if the step takes longer. */
export interface WatchedStep extends Step {
  /** The time limit of the step, in milliseconds. */
  limitMs: number;
  /** True if the step only reads the user's input. If it does not end, the input cannot be used. */
  isInput?: boolean;
}

/** The messages of the process that compares. */
export type ComparisonMessage =
  | { type: "step"; step: WatchedStep }
  /** Lines for the user that stay on the screen. */
  | { type: "say"; lines: string[] }
  | { type: "report"; report: ComparisonReport }
  | { type: "refused"; code: string; message: string; exitCode: number };
