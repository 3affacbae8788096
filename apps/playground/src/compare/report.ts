import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { Suspect } from "./output-comparison.ts";
import type { Repeats } from "./repeats.ts";

/** The findings for one workflow. */
export interface WorkflowReport {
  id: string;
  title: string;
  format: LoadedWorkflow["format"];
  /** All outputs equal, no problems, and V2 finished every interrupted run without repeating a completed node. */
  ok: boolean;
  nodes: { total: number; run: number; skipped: number };
  outputsEqual: boolean;
  /** If they are not: what differs, or which executor failed and how. */
  difference?: string;
  /** Places in the outputs that differ between two undisturbed runs of V1, and so were not compared. */
  varying: string[];
  /** If V1 ran once only: places where V1 and V2 differ, and both have a time or both have a UUID. */
  suspects: Suspect[];
  checkpoints: number;
  /** Requests that changed something, in an undisturbed run. */
  sideEffects: number;
  /** How often each node runs in this comparison, at most. */
  maxRuns: RunCounts;
  /** Medians of `runs` undisturbed runs of each executor. */
  time: {
    runs: number;
    v1Ms: number;
    v2Ms: number;
    /** The time that V2 adds to that of V1 outside the nodes' own code; absent if it was not measured. */
    addedMsPerNode?: number;
  };
  interruptions: InterruptionReport[];
  /** Interruptions that did not take place. */
  leftOut: LeftOut[];
  /** Reasons why this comparison proves nothing. */
  problems: string[];
  notes: string[];
}

/** A number of runs with each executor. */
export interface RunCounts {
  v1: number;
  v2: number;
}

/** An interruption that did not take place, and why. */
export interface LeftOut {
  kind: InterruptionReport["kind"];
  node: { id: string; position: number };
  reason: string;
}

/** How the two executors came through one kind of interruption. */
export interface InterruptionReport {
  /**
   * - `failure`: a node did its work and failed then.
   * - `service`: a service refused (a rate limit).
   * - `timeoutMs`, `budgetMs`: the run took longer than it was given.
   * - `kill …`: its process was killed before, during or after a node's effect.
   */
  kind: "failure" | "service" | "timeoutMs" | "budgetMs" | "kill before" | "kill during" | "kill after";
  /** The node at which the first run of V1 ended, and its place in the order of the nodes that run (from 1). */
  node?: { id: string; position: number };
  /** The error of the interrupted run. */
  error: string;
  v1: RecoveryReport;
  v2: RecoveryReport;
}

/** How one executor came through an interruption. */
export interface RecoveryReport extends Repeats {
  /** The interrupted one included. */
  runs: number;
  finished: boolean;
  /** The output is that of an undisturbed run; `false` if it never finished. */
  outputEqual: boolean;
  /** Nodes that had completed when the first run ended. */
  completedBefore: number;
  /** If it did not finish. */
  error?: string;
}

/** The findings, for programs: the output of `--json`. */
export interface ComparisonReport {
  ok: boolean;
  store: string;
  /** The folder that an embedded store keeps its data in. */
  dataDir?: string;
  llm: string;
  workflows: WorkflowReport[];
}

/** The rule behind the exit code. */
export function isOk(report: Pick<WorkflowReport, "outputsEqual" | "interruptions" | "problems">): boolean {
  return (
    report.outputsEqual &&
    report.problems.length === 0 &&
    report.interruptions.every(({ v2 }) => v2.finished && v2.outputEqual && v2.completed.nodes === 0)
  );
}
