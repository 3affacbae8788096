import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { Repeats } from "./repeats.ts";

/** What the comparison found for one workflow. */
export interface WorkflowReport {
  id: string;
  title: string;
  format: LoadedWorkflow["format"];
  /** All outputs equal, and V2 finished every interrupted run without repeating a completed node. */
  ok: boolean;
  nodes: { total: number; run: number; skipped: number };
  outputsEqual: boolean;
  /** Where they are not: what differs, or which executor failed and how. */
  difference?: string;
  checkpoints: number;
  /** Requests that changed something, in an undisturbed run. */
  sideEffects: number;
  /** Medians of `runs` undisturbed runs of each executor. */
  time: {
    runs: number;
    v1Ms: number;
    v2Ms: number;
    /** What V2 takes more than V1 outside the nodes' own code; absent where one of them failed. */
    addedMsPerNode?: number;
  };
  interruptions: InterruptionReport[];
  notes: string[];
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
  /** What the interrupted run said. */
  error: string;
  v1: RecoveryReport;
  v2: RecoveryReport;
}

/** How one executor came through an interruption. */
export interface RecoveryReport extends Repeats {
  /** The interrupted one included. */
  runs: number;
  finished: boolean;
  /** Is the output that of an undisturbed run; `false` where it never finished. */
  outputEqual: boolean;
  /** Nodes that had completed when the first run ended. */
  completedBefore: number;
  /** Where it did not finish. */
  error?: string;
}

/** What the comparison found, for programs: the output of `--json`. */
export interface ComparisonReport {
  ok: boolean;
  store: string;
  /** The folder that an embedded store keeps its data in. */
  dataDir?: string;
  llm: string;
  workflows: WorkflowReport[];
}

/** The rule behind the exit code. */
export function isOk(report: Pick<WorkflowReport, "outputsEqual" | "interruptions">): boolean {
  return (
    report.outputsEqual &&
    report.interruptions.every(({ v2 }) => v2.finished && v2.outputEqual && v2.completed.nodes === 0)
  );
}
