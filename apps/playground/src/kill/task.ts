import type { Outcome } from "../compare/executors.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { StoreChoice } from "../store/open-store.ts";

/** When a process is killed, seen from the effect of the node it is at. */
export type KillMoment =
  /** The node has started and done nothing. */
  | "before"
  /** The node is running: if it sends a request, the service has done what it asks for, and its answer is kept back. */
  | "during"
  /** The node has ended; its checkpoint is not written. */
  | "after";

/** Where a process stops and waits to be killed. */
export interface StopAt {
  nodeId: string;
  moment: KillMoment;
  /** Whether the node sent requests to the playground's services when it was not disturbed. */
  sendsRequests: boolean;
}

/** Modules that take the place of the playground's own executor and nodes. */
export interface UserModules {
  v1?: string | undefined;
  executors?: string | undefined;
}

/** A worker process's part of a comparison. */
export interface WorkerTask {
  loaded: Pick<LoadedWorkflow, "workflow" | "format" | "input">;
  services: { url: string; model: string };
  modules: UserModules;
  userId: string;
  /** The longest that the run may take, in milliseconds. */
  runLimitMs: number;
  stopAt?: StopAt;
  executor:
    | { name: "v1" }
    | { name: "v2"; store: StoreChoice; contextMode: "frozen" | "copy"; executionId: string; resume: boolean };
}

/** The message of a parent that a node which is killed while it runs may start. */
export const GO = "go";

/** The messages of a worker process. */
export type WorkerMessage =
  | { type: "started" | "completed"; nodeId: string }
  /** It is at a node that it is killed "during", and waits for {@link GO}. */
  | { type: "reached" }
  /** It is at the place at which it is killed. */
  | { type: "stopped" }
  /** It cannot be killed there: the node has ended. */
  | { type: "missed"; reason: string }
  /** A module of the user's has thrown where nothing catches it. */
  | { type: "fault"; message: string }
  | { type: "ended"; outcome: Outcome };
