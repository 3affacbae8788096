import type { Outcome } from "../compare/executors.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { StoreChoice } from "../store/open-store.ts";

/** When a process is killed, seen from the effect of the node it is at. */
export type KillMoment =
  /** The node has started and done nothing. */
  | "before"
  /** The service has done what the node asked for; its answer has not arrived. */
  | "during"
  /** The node has ended; its checkpoint is not written. */
  | "after";

/** Modules that take the place of the playground's own executor and nodes. */
export interface UserModules {
  v1?: string | undefined;
  executors?: string | undefined;
}

/** What a worker process is to do. */
export interface WorkerTask {
  loaded: Pick<LoadedWorkflow, "workflow" | "format" | "input">;
  services: { url: string; model: string };
  modules: UserModules;
  /** Where it stops and waits to be killed. */
  stopAt?: { nodeId: string; moment: KillMoment };
  executor:
    | { name: "v1" }
    | { name: "v2"; store: StoreChoice; contextMode: "frozen" | "copy"; executionId: string; resume: boolean };
}

/** What a worker process tells. */
export type WorkerMessage =
  | { type: "started" | "completed"; nodeId: string }
  /** It is where it was to stop. */
  | { type: "stopped" }
  | { type: "ended"; outcome: Outcome };
