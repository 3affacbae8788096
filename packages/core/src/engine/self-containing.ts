import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";
import type { WorkflowCatalog } from "./workflow-catalog.ts";

/** The most executions inside each other, not counting the outermost. */
export const MAX_NESTING = 32;

/**
 * Refuses a workflow that would start itself, directly or through those that it starts, as the engine has them now.
 *
 * - A workflow that cannot be found or run is passed over: the node that starts it will fail.
 *
 * @throws {WorkflowError} WORKFLOW_CONTAINS_ITSELF
 */
export async function refuseSelfContaining(
  catalog: WorkflowCatalog,
  workflow: PreparedWorkflow,
  userId: string,
): Promise<void> {
  const checked = new Set<string>();
  const look = async ({ id, steps }: PreparedWorkflow, path: readonly string[]): Promise<void> => {
    checked.add(id);
    const inside = new Set(steps.flatMap(({ child }) => (child === undefined ? [] : [child.workflowId])));
    for (const childId of inside) {
      const at = path.indexOf(childId);
      if (at !== -1) throw containsItself([...path.slice(at), childId]);
      // What lies deeper is refused by its nesting, when it is reached.
      if (checked.has(childId) || path.length > MAX_NESTING) continue;
      const child = await catalog.current(childId, userId).catch(() => undefined);
      if (child !== undefined) await look(child, [...path, childId]);
    }
  };
  await look(workflow, [workflow.id]);
}

/** Makes the error for a workflow that contains itself. `path` begins and ends with it. */
export function containsItself(path: readonly string[]): WorkflowError {
  const [workflowId = ""] = path;
  const chain = path.map((id) => quoted(id)).join(" starts ");
  return new WorkflowError("WORKFLOW_CONTAINS_ITSELF", `Workflow ${quoted(workflowId)} contains itself: ${chain}.`, {
    details: { workflowIds: path.slice(0, 100) },
  });
}
