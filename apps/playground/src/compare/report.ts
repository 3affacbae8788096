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
  /**
   * What V2 was compared with: V1; or itself, if V1 refuses the workflow: one node at a time with several at a time.
   */
  against: "V1" | "itself";
  /** The error by which V1 refuses the workflow, beginning with its code. */
  refusal?: string;
  nodes: { total: number; run: number; skipped: number };
  outputsEqual: boolean;
  /** If they are not equal: the difference, or the executor that failed with its error, or that waits with the nodes. */
  difference?: string;
  /** Places in the outputs that differ between two undisturbed runs of V1, so they were not compared. */
  varying: string[];
  /** If V1 ran only once: places where V1 and V2 differ, and both have a time or both have a UUID. */
  suspects: Suspect[];
  checkpoints: number;
  /** Requests that changed something, in an undisturbed run. */
  sideEffects: number;
  /** The maximum number of runs of each node in this comparison. */
  maxRuns: RunCounts;
  /** Medians of `runs` undisturbed runs of each executor. */
  time: {
    runs: number;
    /** Absent if V1 refuses the workflow. */
    v1Ms?: number;
    v2Ms: number;
    /** The time that V2 needs beyond V1 outside the nodes' own code. Absent if it was not measured. */
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

/** An interruption that did not take place, with the reason. */
export interface LeftOut {
  kind: InterruptionReport["kind"];
  node: { id: string; position: number };
  reason: string;
}

/** The recovery of both executors from one kind of interruption. */
export interface InterruptionReport {
  /**
   * - `failure`: a node did its work and then failed.
   * - `service`: a service refused (a rate limit).
   * - `timeoutMs`, `budgetMs`: the run took longer than its limit.
   * - `kill …`: the process was killed before, during or after a node's effect.
   * - `recovery`: the process was killed while a node ran. Nobody asked for the execution again; another process, which
   *   only recovers, completed it.
   * - `every node`: the run ended after every node, and another engine resumed it each time.
   */
  kind:
    | "failure"
    | "service"
    | "timeoutMs"
    | "budgetMs"
    | "kill before"
    | "kill during"
    | "kill after"
    | "recovery"
    | "every node";
  /** The node at which the first run ended, and its position in the order of runs (from 1). */
  node?: { id: string; position: number };
  /** The error of the interrupted run. */
  error: string;
  /** Absent for `recovery`, because V1 never continues unless somebody runs it again; and if V1 refuses the workflow. */
  v1?: RecoveryReport;
  v2: RecoveryReport;
}

/** The recovery of one executor from an interruption. */
export interface RecoveryReport extends Repeats {
  /** The number of runs, including the interrupted one. */
  runs: number;
  finished: boolean;
  /** True if the output equals that of an undisturbed run. `false` if it never finished. */
  outputEqual: boolean;
  /** The number of nodes that had completed when the first run ended. */
  completedBefore: number;
  /** The error, if it did not finish. */
  error?: string;
}

/** The whole report, as `--json` prints it. */
export interface ComparisonReport {
  ok: boolean;
  store: string;
  /** The folder that an embedded store keeps its data in. */
  dataDir?: string;
  llm: string;
  workflows: WorkflowReport[];
}

/** Returns true if the exit code of a comparison is 0. */
export function isOk(report: Pick<WorkflowReport, "outputsEqual" | "interruptions" | "problems">): boolean {
  return (
    report.outputsEqual &&
    report.problems.length === 0 &&
    report.interruptions.every(({ v2 }) => v2.finished && v2.outputEqual && v2.completed.nodes === 0)
  );
}
