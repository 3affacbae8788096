import type { Surroundings } from "../state/surroundings.ts";
import type { WorkflowEngineOptions } from "./engine-options.ts";
import type { ExecutionEvent } from "./events.ts";
import type { ExecutionChanges } from "./execution-changes.ts";
import type { ExecuteWorkflowResult } from "./execution-result.ts";
import type { ExecuteWorkflowOptions } from "./run-options.ts";

/** The parts of an engine that the migration kit uses, and that users do not see. */
export interface EngineInternals {
  readonly options: WorkflowEngineOptions;
  readonly surroundings: Surroundings;
  /** Runs a workflow with `contextMode: "copy"`, as `executeWorkflowSync` does, and returns the whole result. */
  executeCopied(call: ExecuteWorkflowOptions<object>): Promise<ExecuteWorkflowResult>;
  /** Calls a listener with every event from now on, after the user's `onEvent`. Returns a function that ends this. */
  listen(listener: (event: ExecutionEvent) => void): () => void;
  /** The changes that this engine makes. */
  changes(): Promise<ExecutionChanges>;
}

/** By a member of the engine and not by the engine itself, so that a copy of its members is known, too. */
const internals = new WeakMap<object, EngineInternals>();

/** Keeps the internals of a new engine. */
export function keepInternals<Engine extends { executeWorkflow: object }>(
  engine: Engine,
  its: EngineInternals,
): Engine {
  internals.set(engine.executeWorkflow, its);
  return engine;
}

/** Returns the internals of an engine; `undefined` if the value is not one that `createWorkflowEngine` returned. */
export function internalsOf(engine: unknown): EngineInternals | undefined {
  const member = (engine as { executeWorkflow?: unknown } | null | undefined)?.executeWorkflow;
  return typeof member === "function" ? internals.get(member) : undefined;
}
