import { isStoreAway } from "../errors.ts";
import type { ExecutionRecord } from "../store/checkpoint-store.ts";
import type { Interrupts } from "./interrupts.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import type { ResumeWorkflowOptions } from "./run-options.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

/** The definition that a run works with. */
export interface ChosenDefinition {
  workflow: PreparedWorkflow;
  /** True if the engine has no definition of the workflow, or another one. */
  definitionChanged: boolean;
}

/** Returns the definition to run: the execution's own, or the engine's present one if the caller asks for it. */
export async function chooseDefinition(
  catalog: WorkflowCatalog,
  { definitionHash, ...head }: ExecutionRecord,
  { definition, interrupts }: Pick<ResumeWorkflowOptions, "definition"> & { interrupts: Interrupts },
): Promise<ChosenDefinition> {
  const { workflowId, userId } = head;
  if (definition === "current" || definitionHash === undefined) {
    return { workflow: await interrupts.within(catalog.current(workflowId, userId)), definitionChanged: false };
  }
  const kept = await catalog.kept();
  const workflow = await kept.original(definitionHash, head, interrupts);
  const own = await interrupts.within(kept.ownOf(workflow, userId));
  // The limit is no part of the content, so that it can be raised.
  const limited = own === undefined ? workflow : { ...workflow, maxNodeRuns: own.maxNodeRuns };
  return { workflow: limited, definitionChanged: own === undefined };
}

/** Returns true if the engine has another definition than the one that an execution began with, or none. */
export async function hasChanged(
  catalog: WorkflowCatalog,
  head: ExecutionRecord,
  interrupts: Interrupts,
): Promise<boolean> {
  try {
    return (await chooseDefinition(catalog, head, { definition: "original", interrupts })).definitionChanged;
  } catch (error) {
    if (isStoreAway(error)) throw error;
    return true;
  }
}
