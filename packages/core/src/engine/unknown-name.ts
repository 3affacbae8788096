import { nodeType } from "../definition/node-type.ts";
import type { WorkflowNode } from "../definition/schema.ts";
import { unknownNodeType } from "../definition/unknown-node-type.ts";
import { WorkflowError } from "../errors.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { listed, quoted } from "../text.ts";
import type { ExecutorSource, WorkflowSource } from "./engine-options.ts";
import type { DefinedNode } from "./node-executor.ts";

/*
 * The errors for a workflow or a node type that an engine does not have. They are loaded when one is thrown.
 */

/** The most names among which the one that was meant is looked for. */
const MAX_COMPARED = 1_000;

/** Returns the error for a workflow that an engine does not have. */
export function unknownWorkflow(workflowId: string, workflows: WorkflowSource): WorkflowError {
  const ids = idsOf(workflows);
  const hint = ids === undefined ? ": the function `workflows` found none" : hintOf(workflowId, ids, "workflows");
  return new WorkflowError("WORKFLOW_NOT_FOUND", `No workflow ${quoted(workflowId)}${hint}.`, {
    details: { workflowId },
  });
}

/** Returns the error for a definition that was found under the id of another workflow. */
export function otherWorkflow(workflowId: string, foundId: string): WorkflowError {
  return new WorkflowError(
    "WORKFLOW_INVALID",
    `Workflow ${quoted(workflowId)} was asked for, and the definition found has the id ${quoted(foundId)}.`,
    { details: { workflowId, foundId } },
  );
}

/** Returns the error for what was found under a type, and is no executor. */
export function notAnExecutor(type: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `executors: ${quoted(type)}: ${problem}.`, { details: { type } });
}

/** Returns the error for a node whose type has no executor in an engine. */
export function unknownType(workflowId: string, node: WorkflowNode, executors: ExecutorSource): WorkflowError {
  if (typeof executors === "function")
    return unknownNodeType(workflowId, node, ": the function `executors` found none");
  const type = nodeType(node);
  const names = Object.keys(executors);
  const other = names.find((name) => (executors[name] as Partial<DefinedNode<object, unknown>>).type === type);
  if (other !== undefined) {
    return unknownNodeType(
      workflowId,
      node,
      `: the executor of that type is under the key ${quoted(other)} of \`executors\``,
    );
  }
  const hint = hintOf(type, names, "executors");
  if (node.type !== undefined) return unknownNodeType(workflowId, node, hint);
  return unknownNodeType(
    workflowId,
    node,
    `: the node has no \`type\`${inPlaceOfType(node, names) ?? hint.replace(/^:/, ";")}`,
  );
}

/** Names the field of a node's data that holds its type. */
function inPlaceOfType({ data = {} }: WorkflowNode, names: readonly string[]): string | undefined {
  const [key, value] = Object.entries(data).find(([, each]) => names.includes(each as string)) ?? [];
  if (key === undefined) return undefined;
  return `, but its ${quoted(`data.${key}`)} is ${quoted(String(value))} (the option \`typeOf\` of fromReactFlow reads it)`;
}

function idsOf(workflows: WorkflowSource): string[] | undefined {
  if (typeof workflows === "function") return undefined;
  // An entry that is not there is passed over.
  const isThere = (each: unknown) => each !== null && each !== undefined;
  if (Array.isArray(workflows)) return workflows.filter(isThere).map((each: { id?: unknown }) => String(each.id));
  return Object.entries(workflows).flatMap(([id, each]) => (isThere(each) ? [id] : []));
}

function hintOf(name: string, known: readonly string[], option: string): string {
  const meant = nearName(name, known.slice(0, MAX_COMPARED));
  if (meant !== undefined) return didYouMean(meant);
  return known.length === 0 ? `: \`${option}\` is empty` : `: \`${option}\` has ${listed(known, 5)}`;
}
