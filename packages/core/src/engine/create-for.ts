import type { Plan } from "../definition/plan.ts";
import { Planner } from "../definition/planner.ts";
import { isWorkflowError } from "../errors.ts";
import { createExecution, type OpenedExecution, type Parent } from "../state/create-execution.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import type { Call } from "./call.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import type { ExecuteWorkflowOptions, StartExecutionOptions } from "./run-options.ts";

interface CreateCall {
  options: ExecuteWorkflowOptions<object> | StartExecutionOptions<object>;
  /** The workflow, if the caller has found it. */
  workflow?: PreparedWorkflow;
  /** Creates it as pending and due. Default: running, owned by this call. */
  isPending?: boolean;
  /** The store to create it through. Default: the engine's. */
  store?: CheckpointStore | undefined;
  /** The node run that starts it. Default: it is nobody's child. */
  parent?: Parent | undefined;
}

/** Creates an execution. `opened` is absent if it exists, and `ifExists` allows that. */
export async function createFor(
  { catalog }: EngineParts,
  { interrupts, surroundings }: Call,
  { options, workflow: found, isPending = false, store, parent }: CreateCall,
): Promise<{ workflow: PreparedWorkflow; opened: OpenedExecution | undefined }> {
  const { workflowId, userId, executionId, initialData = {}, ifExists = "fail", metadata, deadlineMs } = options;
  const workflow =
    found ?? catalog.atHand(workflowId) ?? (await interrupts.within(catalog.current(workflowId, userId)));
  const startAt = typeof options.startAt === "string" ? [options.startAt] : options.startAt?.slice();
  if (parent === undefined && workflow.hasChildren) {
    const { refuseSelfContaining } = await import("./self-containing.ts");
    await interrupts.within(refuseSelfContaining(catalog, workflow, userId));
  }
  // Before anything is written: it may not be possible to start there.
  const totalSteps = stepsOf(workflow.plans.of(startAt));
  const { input } =
    workflow.input === undefined
      ? { input: initialData }
      : await interrupts.within(inputOf(workflow, workflow.input, initialData));
  // Awaits only what may have to be waited for: every execution comes through here.
  if (store === undefined) {
    if (!catalog.isSaved(workflow)) await catalog.save(workflow, interrupts);
  } else {
    await store.saveDefinition(workflow.hash, workflow.json);
  }
  const through = store === undefined ? surroundings : { ...surroundings, store, bareStore: store };
  try {
    const opened = await createExecution(through, {
      metadata,
      deadlineMs,
      isPending,
      parent,
      workflowId: workflow.id,
      userId,
      executionId,
      initialData: input,
      totalSteps,
      start: startAt,
      definitionHash: workflow.hash,
    });
    return { workflow, opened };
  } catch (error) {
    if (ifExists === "fail" || !isWorkflowError(error, "EXECUTION_ALREADY_EXISTS")) throw error;
    const head = await surroundings.store.getExecution(executionId ?? "");
    if (head?.workflowId !== workflowId || head.userId !== userId) throw error;
    return { workflow, opened: undefined };
  }
}

/** Returns the number of nodes that may run from the start of a plan. */
function stepsOf(plan: Plan): number {
  const known = steps.get(plan) ?? new Planner(plan).open;
  steps.set(plan, known);
  return known;
}

const steps = new WeakMap<Plan, number>();

/** Loaded with the first workflow that has a schema for its input. */
async function inputOf(...given: Parameters<ValidInput["validInput"]>): ReturnType<ValidInput["validInput"]> {
  checks ??= import("./valid-input.ts");
  return (await checks).validInput(...given);
}

type ValidInput = typeof import("./valid-input.ts");

let checks: Promise<ValidInput> | undefined;
