import type { NodeExecutor, WorkflowDefinition } from "@waymark/core";
import { LOOP_OVER_ITEMS, N8N_WAIT, SUB_WORKFLOW_TRIGGER } from "../import/n8n-types.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { createChildNode, runsChildren } from "../nodes/child-workflows.ts";
import { besideErrorOutput } from "../nodes/error-output.ts";
import { createLoopOverItems } from "../nodes/loop-over-items.ts";
import { createSubWorkflowTrigger } from "../nodes/n8n-sub-workflow.ts";
import { createN8nWait } from "../nodes/n8n-wait.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { createPassThrough } from "../nodes/pass-through.ts";

/** Executors for all node types of a workflow. */
export interface ResolvedExecutors {
  executors: ExecutorTable;
  /** The node types that are passed through, each with the number of its nodes. */
  passedThrough: ReadonlyMap<string, number>;
}

type MakeExecutor = (workflow: WorkflowDefinition) => NodeExecutor;

/** Makes the executors of the n8n types that decide what runs. */
const N8N_NODES: ReadonlyMap<string, MakeExecutor> = new Map([
  [LOOP_OVER_ITEMS, createLoopOverItems],
  [N8N_WAIT, createN8nWait],
  [SUB_WORKFLOW_TRIGGER, createSubWorkflowTrigger],
]);

/**
 * Chooses an executor for every node type: the user's own, else the playground's, else a pass-through.
 *
 * - In an n8n export, an executor takes the error output only if it chooses it by `route()`.
 */
export function resolveExecutors(
  { workflow, format, children = [] }: Pick<LoadedWorkflow, "workflow" | "format"> & Partial<LoadedWorkflow>,
  tables: { own?: ExecutorTable | undefined; bundled: ExecutorTable },
): ResolvedExecutors {
  const executors = new Map<string, NodeExecutor>();
  const passedThrough = new Map<string, number>();
  const workflows = [workflow, ...children];
  const passThrough = perWorkflow(workflows, createPassThrough);
  const nodes = workflows.flatMap((each) => each.nodes);
  for (const node of nodes) {
    const { type = "default", disabled } = node;
    if (runsChildren(node)) {
      executors.set(type, createChildNode(node));
      continue;
    }
    const table = [tables.own, tables.bundled].find((one) => one !== undefined && Object.hasOwn(one, type));
    const make = format === "n8n" ? N8N_NODES.get(type) : undefined;
    if (table === undefined && make === undefined) {
      executors.set(type, passThrough);
      if (disabled !== true) passedThrough.set(type, (passedThrough.get(type) ?? 0) + 1);
    } else if (!executors.has(type)) {
      const executor = table?.[type] ?? perWorkflow(workflows, make as MakeExecutor);
      executors.set(type, format === "n8n" ? besideErrorOutput(executor) : executor);
    }
  }
  return { executors: Object.fromEntries(executors), passedThrough };
}

/** Makes an executor that knows the place of a node, also in a child of the first workflow. */
function perWorkflow([workflow, ...children]: readonly WorkflowDefinition[], make: MakeExecutor): NodeExecutor {
  const own = make(workflow as WorkflowDefinition);
  if (children.length === 0) return own;
  const ofChildren = new Map(children.map((child) => [child.id, make(child)]));
  return (args) => (ofChildren.get(args.workflowId) ?? own)(args);
}
