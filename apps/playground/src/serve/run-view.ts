/*
 * A run as the page gets it. Every change sends the whole of it, so a page that comes back has missed nothing.
 */

/** The executor of one side. */
export type SideName = "v1" | "v2";

/** A process of a side. */
export interface ProcessView {
  pid: number;
  /**
   * - `start`: the first one. `again`: V1 from the start.
   * - `resume`: somebody resumed V2. `recover`: nobody did; it found the execution by itself.
   */
  kind: "start" | "again" | "resume" | "recover";
  end?: "killed" | "failed" | "completed" | "waiting";
}

/** What one executor has done so far. */
export interface SideView {
  status: "starting" | "running" | "recovering" | "completed" | "failed" | "waiting";
  processes: ProcessView[];
  /** The nodes that have completed, in order: of V1, those of the process that runs; of V2, those with a checkpoint. */
  ran: { nodeId: string; handles?: readonly string[] | null }[];
  running: string[];
  skipped: string[];
  failedNode?: string;
  counters: Counters;
  error?: string;
  /** What has happened, in sentences, and how many milliseconds after the beginning. */
  log: { atMs: number; text: string }[];
}

/** What a side has cost. */
export interface Counters {
  /** Runs of nodes that had completed before: V1's had ended, and the checkpoints of V2's were committed. */
  nodesAgain: number;
  /** Runs of nodes that were interrupted. They have to run again. */
  interruptedAgain: number;
  nodes: number;
  effects: number;
  effectsTwice: number;
  checkpoints: number;
  bytes: number;
}

/** How a run is disturbed. */
export type Disturbance =
  | { kind: "none" }
  | { kind: "fail"; nodeId: string }
  | { kind: "kill"; nodeId: string; moment: "before" | "during" | "after" };

/** A run of both executors. */
export interface RunView {
  id: string;
  workflowId: string;
  title: string;
  graph: GraphView;
  store: string;
  disturbance: Disturbance;
  isOver: boolean;
  /** The execution in the store; absent if the store does not outlive its process. */
  executionId?: string;
  v1: SideView;
  v2: SideView;
  /** The time in each node's own code, in milliseconds, in the order of the first runs. */
  times: { nodeId: string; v1?: number; v2?: number }[];
  /** After each step of V2: the bytes written so far, and those of a column that holds the whole context. */
  written: { checkpoints: number; column: number }[];
  equal?: boolean;
  /** What went wrong with the run itself. */
  problem?: string;
}

/** A graph, as the page draws it. */
export interface GraphView {
  nodes: { id: string; name?: string | undefined; type: string; data?: undefined }[];
  edges: { source: string; target: string; sourceHandle?: string | undefined }[];
}

export function newSide(): SideView {
  return {
    status: "starting",
    processes: [],
    ran: [],
    running: [],
    skipped: [],
    counters: {
      ...{ nodesAgain: 0, interruptedAgain: 0, nodes: 0, effects: 0, effectsTwice: 0 },
      ...{ checkpoints: 0, bytes: 0 },
    },
    log: [],
  };
}
