import { sha256 } from "../crypto.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { DeclaredOutputs } from "./graph.ts";
import { canonicalJson, JsonText } from "./json-text.ts";
import type { WorkflowDefinition, WorkflowEdge, WorkflowNode } from "./schema.ts";

/** A definition as a store keeps it. */
export interface StoredDefinition extends WorkflowDefinition {
  /** The outputs that the types of its nodes declare, by type. */
  outputs?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Returns the JSON of a checked definition, as a store keeps it and the engine runs it. Keys keep their order.
 *
 * - `outputs`: what the types of its nodes declare. They are kept with it: nodes that are passed over take the first.
 * - An absent field and `undefined` are the same. Values in `data` that JSON lacks are written as `JSON.stringify`
 *   does.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID if a node's data cannot be JSON
 */
export function definitionJson(definition: WorkflowDefinition, outputs: DeclaredOutputs = new Map()): string {
  return `{${members([
    ["id", JSON.stringify(definition.id)],
    ["name", textOf(definition.name)],
    ["nodes", nodesJson(definition)],
    ["edges", `[${definition.edges.map(edgeJson).join(",")}]`],
    ["outputs", outputsJson(outputs)],
    ["maxNodeRuns", textOf(definition.maxNodeRuns)],
  ])}}`;
}

/**
 * Returns the content address of a definition's JSON: the number of the hash rule, and a SHA-256 in hexadecimal.
 *
 * - Covers everything that affects a run: ids, types, names, data, retry policies, timeouts, edges by their ends and
 *   handles, disabled nodes, error policies, declared outputs, and the order of nodes and edges. The ids of edges do not
 *   count: canvases make new ones with every save. Neither does `maxNodeRuns`, so that a resume can raise it.
 * - Data is hashed in its canonical form (RFC 8785), so the order of keys does not count.
 */
export function hashDefinition(json: string): string {
  return hashParsed(JSON.parse(json) as StoredDefinition);
}

/** Does the same as {@link hashDefinition} for JSON that is already parsed. */
export function hashParsed({ id, name, nodes, edges, outputs }: StoredDefinition): string {
  const covered = members([
    ["edges", `[${edges.map((edge) => `{${edgeEnds(edge)}}`).join(",")}]`],
    ["id", JSON.stringify(id)],
    ["name", textOf(name)],
    ["nodes", canonicalJson(nodes)],
    ["outputs", outputs === undefined ? undefined : canonicalJson(outputs)],
  ]);
  return `${RULE}:${sha256(`{${covered}}`, "hex")}`;
}

/** The number of the rule by which hashes are made. Hashes of rule 1 have no number. */
export const RULE = 2;

function nodesJson({ id: workflowId, nodes }: WorkflowDefinition): string {
  const text = new JsonText();
  return `[${nodes.map((node) => nodeJson(workflowId, node, text)).join(",")}]`;
}

function nodeJson(workflowId: string, node: WorkflowNode, text: JsonText): string {
  const { id, type, name, data, retry, timeoutMs, disabled, onError } = node;
  return `{${members([
    ["id", JSON.stringify(id)],
    ["type", textOf(type)],
    ["name", textOf(name)],
    ["data", dataJson(data, text, () => `The data of node ${quoted(id)} of workflow ${quoted(workflowId)}`)],
    ["retry", retry === undefined ? undefined : text.write(retry)],
    ["timeoutMs", textOf(timeoutMs)],
    // The default is as good as absent.
    ["disabled", disabled === true ? "true" : undefined],
    ["onError", onError === "fail" ? undefined : textOf(onError)],
  ])}}`;
}

function dataJson(data: unknown, text: JsonText, what: () => string): string | undefined {
  try {
    return data === undefined ? undefined : text.write(data);
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    throw new WorkflowError("WORKFLOW_INVALID", `${what()} is not JSON: ${error.message}.`, { details: error.details });
  }
}

function edgeJson(edge: WorkflowEdge): string {
  return edge.id === undefined ? `{${edgeEnds(edge)}}` : `{"id":${JSON.stringify(edge.id)},${edgeEnds(edge)}}`;
}

/** Returns the members of an edge that the hash covers, in canonical order. */
function edgeEnds({ source, target, sourceHandle, targetHandle }: WorkflowEdge): string {
  const from = `"source":${JSON.stringify(source)}${handleMember("sourceHandle", sourceHandle)}`;
  return `${from},"target":${JSON.stringify(target)}${handleMember("targetHandle", targetHandle)}`;
}

function handleMember(name: string, handle: string | null | undefined): string {
  return handle === undefined || handle === null ? "" : `,"${name}":${JSON.stringify(handle)}`;
}

function outputsJson(outputs: DeclaredOutputs): string | undefined {
  if (outputs.size === 0) return undefined;
  const entries = [...outputs].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([type, handles]) => `${JSON.stringify(type)}:${JSON.stringify(handles)}`).join(",")}}`;
}

type Member = [name: string, text: string | undefined];

/** Joins the members of an object whose values are JSON texts. Members without a text are left out. */
function members(list: readonly Member[]): string {
  let joined = "";
  for (const [name, text] of list) if (text !== undefined) joined += `${joined === "" ? "" : ","}"${name}":${text}`;
  return joined;
}

function textOf(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
