import type { ComparisonReport } from "../compare/report.ts";
import type { CompareFlags } from "./compare-flags.ts";
import type { Step } from "./progress.ts";

/** What a process of its own is to compare. */
export interface ComparisonTask {
  files: readonly string[];
  flags: CompareFlags;
}

/** A step of a comparison that is watched: the process is ended if nothing more is heard of it. */
export interface WatchedStep extends Step {
  /** The longest that the step may take, in milliseconds. */
  limitMs: number;
  /** The step only reads what the user gave: if it does not end, the input cannot be used. */
  isInput?: boolean;
}

/** The messages of the process that compares. */
export type ComparisonMessage =
  | { type: "step"; step: WatchedStep }
  /** Lines for the user that stay. */
  | { type: "say"; lines: string[] }
  | { type: "report"; report: ComparisonReport }
  | { type: "refused"; code: string; message: string; exitCode: number };
