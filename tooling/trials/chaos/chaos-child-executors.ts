import { mapWorkflow, type NodeExecutor, patch, route, subWorkflow } from "@waymark/core";
import { addInputs, CHILDREN, childId, GIVEN, INITIAL_DATA, startType, totalOf } from "./chaos-children.ts";
import type { ChaosNode } from "./chaos-workflow.ts";

/** The executors of all nodes that start executions, by their types. */
export function childExecutors(): Record<string, NodeExecutor> {
  const executors: Record<string, NodeExecutor> = {};
  for (let child = 0; child < CHILDREN; child++) {
    const workflowId = childId(child);
    const map = { workflowId, items: "items", as: GIVEN, itemConcurrency: 3, output: totalOf };
    executors[startType({ kind: "sub", child })] = subWorkflow({
      workflowId,
      input: ({ context, data }) => ({ [GIVEN]: addInputs(data as ChaosNode, context), ...INITIAL_DATA }),
      output: (output, { node, data }) => {
        const { handles } = data as ChaosNode;
        const result = patch({ [node.id]: totalOf(output) });
        return handles === undefined ? result : route(result, handles);
      },
    });
    executors[startType({ kind: "map", child })] = mapWorkflow(map);
    executors[startType({ kind: "collect", child })] = mapWorkflow({ ...map, onItemError: "collect" });
  }
  return executors;
}
