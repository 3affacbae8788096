import type { RetryPolicy } from "../definition/schema.ts";
import type { ContextValues } from "../state/context-values.ts";
import type { Surroundings } from "../state/surroundings.ts";
import type { ChildRuns } from "./child-runs.ts";
import type { EnqueueOptions } from "./dispatcher.ts";
import type { Emitter } from "./emitter.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import type { ExecutionChanges } from "./execution-changes.ts";
import type { LiveRuns } from "./live-runs.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

/** Resolves to false if the queue has not taken the job. */
export type Hint = (executionId: string, options: EnqueueOptions) => Promise<boolean>;

/** The parts of an engine that its calls work with. */
export interface EngineParts
  extends Pick<
    WorkflowEngineOptions,
    "nodeTimeoutMs" | "timeoutMs" | "nodeConcurrency" | "durability" | "maxRecoveries" | "contextMode"
  > {
  surroundings: Surroundings;
  catalog: WorkflowCatalog;
  changes: ExecutionChanges;
  values: ContextValues;
  runs: LiveRuns;
  emitter: Emitter;
  /** The policy of nodes that have none. Required here: a part that lacked it would take every node for one without. */
  retry: RetryPolicy | undefined;
  children(): Promise<ChildRuns>;
  /** Makes recoveries of this engine look at once. */
  wake(): void;
  /** Tells the queue that an execution wants to run. Never rejects. Absent if the engine has no dispatcher. */
  hint: Hint | undefined;
}
