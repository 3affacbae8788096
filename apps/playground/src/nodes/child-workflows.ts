import { mapWorkflow, type NodeExecutor, patch, subWorkflow, WorkflowError, type WorkflowNode } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import * as z from "zod";
import { runsN8nChild } from "../import/n8n-sub-workflow.ts";
import { createN8nSubWorkflow } from "./n8n-sub-workflow.ts";

/** The types of nodes that run other workflows. */
const TYPES = ["sub-workflow", "map-workflow"];

const subSchema = z.object({
  /** The workflow that runs. */
  workflowId: z.string().min(1),
  /** The key of its final context whose value is the result. Default: the whole context. */
  result: z.string().optional(),
});

const mapSchema = subSchema.extend({
  /** The context key of the list. */
  items: z.string().min(1),
  /** The child's context key of the item. */
  as: z.string().default("item"),
  itemConcurrency: z.int().min(1).max(1_000).default(10),
  onItemError: z.enum(["fail", "collect"]).default("fail"),
});

/** Gives a node that runs other workflows a type of its own, because such an executor is made for one node. */
export function withChildType(node: WorkflowNode): WorkflowNode {
  return TYPES.includes(node.type ?? "") ? { ...node, type: `${node.type} ${node.id}` } : node;
}

/** Returns true for a node that runs other workflows. The engine runs it itself. */
export function runsChildren(node: WorkflowNode): boolean {
  return runsN8nChild(node) || TYPES.some((each) => node.type === `${each} ${node.id}`);
}

/** Makes the executor of a node that runs other workflows. @throws {WorkflowError} NODE_DATA_INVALID */
export function createChildNode(node: WorkflowNode): NodeExecutor {
  if (runsN8nChild(node)) return createN8nSubWorkflow(node);
  const { id, type = "", data } = node;
  const isMap = type.startsWith("map-workflow");
  const read = (isMap ? mapSchema : subSchema).safeParse(data ?? {});
  if (!read.success) {
    throw new WorkflowError("NODE_DATA_INVALID", `Node ${quoted(id)}: ${z.prettifyError(read.error)}`);
  }
  const { workflowId, result } = read.data;
  const pick = (output: Record<string, unknown>) => (result === undefined ? output : output[result]);
  if (!isMap) return subWorkflow({ workflowId, output: (output) => patch({ [id]: pick(output) }) });
  const { items, as, itemConcurrency, onItemError } = read.data as z.output<typeof mapSchema>;
  return mapWorkflow({ workflowId, items, as, itemConcurrency, onItemError, output: pick });
}
