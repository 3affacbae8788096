import { type WorkflowDefinition, WorkflowError } from "@waymark/core";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { passThrough } from "../nodes/pass-through.ts";

/** Executors for all node types of a workflow. */
export interface ResolvedExecutors {
  executors: ExecutorTable;
  /** The types that stand-ins run, each with the number of its nodes. */
  passedThrough: ReadonlyMap<string, number>;
}

/**
 * Picks an executor for every node type: the user's own, else the playground's, else, for n8n's types, a stand-in.
 *
 * @throws {WorkflowError} UNKNOWN_NODE_TYPE
 */
export function resolveExecutors(
  { workflow, format }: Pick<LoadedWorkflow, "workflow" | "format">,
  tables: { own?: ExecutorTable | undefined; bundled: ExecutorTable },
): ResolvedExecutors {
  const executors: ExecutorTable = {};
  const passedThrough = new Map<string, number>();
  for (const { type = "default" } of workflow.nodes) {
    const table = [tables.own, tables.bundled].find((one) => one !== undefined && Object.hasOwn(one, type));
    const executor = table?.[type];
    if (executor !== undefined) {
      executors[type] = executor;
    } else if (format === "n8n") {
      executors[type] = passThrough;
      passedThrough.set(type, (passedThrough.get(type) ?? 0) + 1);
    } else {
      throw unknownType(workflow, type, Object.keys({ ...tables.bundled, ...tables.own }));
    }
  }
  return { executors, passedThrough };
}

function unknownType({ id, nodes }: WorkflowDefinition, type: string, known: string[]): WorkflowError {
  const ids = nodes.filter((node) => (node.type ?? "default") === type).map((node) => node.id);
  return new WorkflowError(
    "UNKNOWN_NODE_TYPE",
    `Workflow "${id}": no executor for node type "${type}" (node ${ids.join(", ")}); known are ${known.join(", ")}. ` +
      "Give your own with --executors.",
    { details: { type, nodeIds: ids } },
  );
}
