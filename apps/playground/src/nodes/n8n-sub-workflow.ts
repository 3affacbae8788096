import {
  mapWorkflow,
  type NodeExecutor,
  patch,
  subWorkflow,
  type WorkflowContext,
  type WorkflowDefinition,
  type WorkflowNode,
} from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";
import type { N8nChild } from "../import/n8n-sub-workflow.ts";
import { createPassThrough } from "./pass-through.ts";

/** The context key under which a child receives its items: a list, or a single item. */
const GIVEN = "executeWorkflow.items";

/**
 * Makes the executor of an Execute Workflow node whose child is in the file.
 *
 * - The node's output is the items of the child's last end node that has run, or its own input if n8n does not wait.
 * - With a child for each item, it is a list with the items of each child.
 */
export function createN8nSubWorkflow({ id, data }: WorkflowNode): NodeExecutor {
  const { child, inputs } = data as N8nNodeData & { child: N8nChild };
  const { workflowId, each, passesOn } = child;
  const resultOf = (output: WorkflowContext) => {
    const last = child.returns.findLast((node) => Object.hasOwn(output, node));
    return last === undefined ? [] : output[last];
  };
  if (each !== undefined) {
    return mapWorkflow({
      ...{ workflowId, items: each, as: GIVEN },
      output: (output, { item }) => (passesOn ? item : resultOf(output)),
    });
  }
  const given = (context: WorkflowContext) =>
    inputs.flatMap((input) => (Object.hasOwn(context, input) ? (context[input] ?? []) : []));
  return subWorkflow({
    workflowId,
    input: ({ context }) => ({ [GIVEN]: given(context) }),
    output: (output, { context }) => patch({ [id]: passesOn ? given(context) : resultOf(output) }),
  });
}

/** Makes the executor of the trigger that other workflows run: its output is the items that it was given. */
export function createSubWorkflowTrigger(workflow: WorkflowDefinition): NodeExecutor {
  const passThrough = createPassThrough(workflow);
  return (args) => {
    const { [GIVEN]: items, ...context } = args.context;
    return items === undefined ? passThrough(args) : { ...context, [args.node.id]: [items].flat() };
  };
}
