import type { Outcome } from "../compare/executors.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { StoreChoice } from "../store/open-store.ts";

/** The moment of a kill, relative to the effect of the node. */
export type KillMoment =
  /** The node has started and done nothing. */
  | "before"
  /** The node is running. If it sends a request, the service has done the work and holds back the answer. */
  | "during"
  /** The node has ended; its checkpoint is not written. */
  | "after";

/** The place at which a process stops and waits for its kill. */
export interface StopAt {
  nodeId: string;
  moment: KillMoment;
  /** True if the node sent requests to the playground's services in an undisturbed run. */
  sendsRequests: boolean;
}

/** Modules that replace the playground's own executor and nodes. */
export interface UserModules {
  v1?: string | undefined;
  executors?: string | undefined;
}

/** The task of a worker process. */
export interface WorkerTask {
  loaded: Pick<LoadedWorkflow, "workflow" | "startAt" | "format" | "input"> & Partial<Pick<LoadedWorkflow, "children">>;
  services: { url: string; model: string };
  modules: UserModules;
  userId: string;
  /** The time limit of the run, in milliseconds. */
  runLimitMs: number;
  stopAt?: StopAt;
  /** Set if a person watches the run. */
  watch?: Watch;
  executor: { name: "v1" } | { name: "v2"; store: StoreChoice; contextMode: "frozen" | "copy"; call: V2Call };
}

/** What a run does besides, if a person watches it. */
export interface Watch {
  /** The wait between the start of a node and its code, in milliseconds. */
  paceMs: number;
  /** Says `ready` before its first node, and waits for {@link GO}. */
  startsOnGo?: boolean;
  /** The node that does its work and then fails, without a retry. */
  failAfter?: string | undefined;
}

/** The call of V2 in a worker process. */
export type V2Call =
  /** The execution belongs to `owner` in the store. Nodes see the task's user. Default: the task's user. */
  | { name: "start"; executionId: string; owner?: string }
  | { name: "resume"; executionId: string }
  /** Only starts a recovery of the owner's executions, and waits until one has ended. Nobody names the execution. */
  | { name: "recover"; owner: string };

/** The parent's message that lets the first node start, or one that is killed while it runs. */
export const GO = "go";

/** What is known of a completed node in a run that is watched. */
export interface WatchedNode {
  /** Of the node's own code, in milliseconds. */
  durationMs: number;
  /** The outputs that it has chosen. Absent: all. */
  handles?: readonly string[];
  /** The length of its result as JSON in UTF-8. 0 if it is no JSON. */
  contextBytes: number;
}

/** The messages of a worker process. */
export type WorkerMessage =
  | { type: "started"; nodeId: string; visit: number }
  /** V1's node has ended; the checkpoint of V2's node is committed. */
  | ({ type: "completed"; nodeId: string; visit: number } & Partial<WatchedNode>)
  /** Only in a run that is watched, as all of the next ones. It is certain that the node will never run. */
  | { type: "skipped"; nodeId: string }
  /** V2 has kept a checkpoint. */
  | { type: "checkpoint"; bytes: number }
  /** The process is at its first node, and waits for {@link GO}. */
  | { type: "ready" }
  /** The process is at the node of a "during" kill, and waits for {@link GO}. */
  | { type: "reached" }
  /** The process is at the place of the kill. */
  | { type: "stopped" }
  /** The process cannot be killed there, because the node has ended. */
  | { type: "missed"; reason: string }
  /** A module of the user's has thrown an uncaught error. */
  | { type: "fault"; message: string }
  | { type: "ended"; outcome: Outcome };
