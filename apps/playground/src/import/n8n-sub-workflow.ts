import { createHash } from "node:crypto";
import type { WorkflowDefinition, WorkflowNode } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { isRecord } from "./drawings.ts";
import type { Dropped } from "./dropped.ts";
import type { N8nNode } from "./n8n-export.ts";
import { SUB_WORKFLOW } from "./n8n-types.ts";

/** How a node runs another workflow: the data of its executor. */
export interface N8nChild {
  workflowId: string;
  /** The child's end nodes. The items of the last one that has run are its result. */
  returns: string[];
  /** The node whose items each run a child of their own. Absent: one child receives all items. */
  each?: string;
  /** The node's output is its input, because n8n does not wait for the child. */
  passesOn?: true;
}

/** A workflow of the file, as other workflows run it. */
export interface CalledWorkflow {
  /** Only the nodes that its start leads to. */
  workflow: WorkflowDefinition;
  returns: string[];
  /** False if no trigger of it is for other workflows. */
  isCallable: boolean;
}

/** The workflows of a file, for the nodes that run them. */
export interface CalledWorkflows {
  /** Returns the id of the first workflow that has one of these ids or names. */
  find(names: readonly string[]): string | undefined;
  /** Returns true if the first workflow is the second one, or runs it, directly or not. */
  contains(workflowId: string, other: string): boolean;
  read(workflowId: string): CalledWorkflow;
}

interface Place {
  /** The id of the node. */
  name: string;
  /** The id of its workflow. */
  parentId: string;
  /** The nodes whose outputs it receives. */
  inputs: readonly string[];
}

/**
 * Converts the parameters of an Execute Workflow node. Returns `undefined`, with a note, if its child cannot be run. Then
 * the node is passed through.
 */
export function readSubWorkflow(
  node: N8nNode,
  { name, parentId, inputs }: Place,
  called: CalledWorkflows,
  dropped: Dropped,
): N8nChild | undefined {
  const { parameters } = node;
  const names = calledBy(node);
  const [first] = names;
  if (first === undefined) {
    const remedy = "put the workflow into the file, and select it in the node";
    dropped.add(`sub-workflows that the export does not name, so their nodes are passed through (${remedy})`, name);
    return undefined;
  }
  const workflowId = called.find(names);
  if (workflowId === undefined) {
    const remedy = "export both into one file, such as by `n8n export:workflow --all`";
    dropped.add(
      `the child workflow ${quoted(first)} is missing in the file, so the node is passed through (${remedy})`,
      name,
    );
    return undefined;
  }
  if (called.contains(workflowId, parentId)) {
    dropped.add(`the child workflow ${quoted(first)} runs its own parent, so the node is passed through`, name);
    return undefined;
  }
  const { returns, isCallable } = called.read(workflowId);
  if (!isCallable) {
    dropped.add(`the child workflow ${quoted(first)} has no trigger for other workflows, so it gets no items`, name);
  }
  const { value: mapped } = isRecord(parameters.workflowInputs) ? parameters.workflowInputs : {};
  if (isRecord(mapped) && Object.keys(mapped).length > 0) {
    dropped.add("the inputs of a sub-workflow are expressions, so it gets the items of the node as they are", name);
  }
  const [each] = inputs;
  const isMap = parameters.mode === "each";
  const canMap = isMap && inputs.length === 1 && each !== undefined;
  if (isMap && !canMap) {
    dropped.add('"each" needs the items of exactly one node, so one child runs with all items', name);
  }
  const passesOn = isRecord(parameters.options) && parameters.options.waitForSubWorkflow === false;
  if (passesOn) {
    dropped.add("n8n does not wait for the sub-workflow. Here the node does, and its failure fails the node", name);
  }
  return { workflowId, returns, ...(canMap ? { each } : {}), ...(passesOn ? { passesOn } : {}) };
}

/** Reads the id, and possibly the name, of the workflow that a node runs: a text, or a value of n8n's list of workflows. */
export function calledBy({ parameters }: Pick<N8nNode, "parameters">): string[] {
  const { workflowId, source = "database" } = parameters;
  if (source !== "database") return [];
  const given = isRecord(workflowId) ? [workflowId.value, workflowId.cachedResultName] : [workflowId];
  const [id, ...others] = given.map((text) => (typeof text === "number" ? String(text) : text));
  if (typeof id !== "string" || id === "" || id.startsWith("=")) return [];
  return [id, ...others.filter((text) => typeof text === "string")];
}

/** Returns the type of a node that runs a child, because such an executor is made for one node. */
export function subWorkflowType(workflowId: string, nodeId: string): string {
  const digest = createHash("sha256")
    .update(JSON.stringify([workflowId, nodeId]))
    .digest("hex");
  return `${SUB_WORKFLOW} ${digest.slice(0, 16)}`;
}

/** Returns true for an Execute Workflow node that runs a child. */
export function runsN8nChild({ type = "", data }: Pick<WorkflowNode, "type" | "data">): boolean {
  return type.startsWith(`${SUB_WORKFLOW} `) && data?.child !== undefined;
}
