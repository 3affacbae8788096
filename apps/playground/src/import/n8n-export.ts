import { WorkflowError } from "@waymark/core";

/** One node of an n8n export, as far as the import needs it. */
export interface N8nNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  disabled: boolean;
  /** The last output takes the errors. */
  hasErrorOutput: boolean;
}

/** One connection, with the names as the export writes them. */
export interface N8nConnection {
  source: string;
  target: string;
  /** "main", or what an AI node is given: "ai_tool", "ai_languageModel". */
  kind: string;
  output: number;
  input: number;
}

/** An n8n export, read and flattened. */
export interface N8nExport {
  id?: string;
  name?: string;
  nodes: N8nNode[];
  connections: N8nConnection[];
  /** Items pinned to nodes, by node name. */
  pinData: ReadonlyMap<string, unknown>;
}

/** Tells whether a JSON value looks like an n8n export: `nodes` and `connections`, by name. */
export function isN8nExport(value: unknown): boolean {
  return isRecord(value) && Array.isArray(value.nodes) && isRecord(value.connections);
}

/**
 * Reads an n8n export.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function readN8nExport(value: unknown): N8nExport {
  if (!isRecord(value) || !Array.isArray(value.nodes) || !isRecord(value.connections)) {
    throw invalid('it needs a list "nodes" and an object "connections"');
  }
  return {
    ...(typeof value.id === "string" && value.id !== "" ? { id: value.id } : {}),
    ...(typeof value.name === "string" && value.name !== "" ? { name: value.name } : {}),
    nodes: value.nodes.map(readNode),
    connections: Object.entries(value.connections).flatMap(([source, kinds]) => readConnections(source, kinds)),
    pinData: new Map(isRecord(value.pinData) ? Object.entries(value.pinData) : []),
  };
}

function readNode(value: unknown, index: number): N8nNode {
  if (!isRecord(value)) throw invalid(`node ${index} is not an object`);
  const { name, type } = value;
  if (typeof type !== "string" || type === "") throw invalid(`node ${index} has no type`);
  if (name !== undefined && typeof name !== "string") throw invalid(`the name of node ${index} is not text`);
  return {
    name: name ?? "",
    type,
    parameters: isRecord(value.parameters) ? value.parameters : {},
    disabled: value.disabled === true,
    hasErrorOutput: value.onError === "continueErrorOutput",
  };
}

/** `{ main: [[{ node, type, index }], null, …] }`: per kind a list of outputs, per output a list of targets. */
function readConnections(source: string, kinds: unknown): N8nConnection[] {
  if (!isRecord(kinds)) throw invalid(`the connections of "${source}" are not an object`);
  const connections: N8nConnection[] = [];
  for (const [kind, outputs] of Object.entries(kinds)) {
    if (!Array.isArray(outputs)) throw invalid(`the "${kind}" connections of "${source}" are not a list`);
    outputs.forEach((targets: unknown, output) => {
      if (targets === null || targets === undefined) return;
      if (!Array.isArray(targets)) throw invalid(`output ${output} ("${kind}") of "${source}" is not a list`);
      for (const target of targets as unknown[]) {
        if (target === null) continue;
        if (!isRecord(target) || typeof target.node !== "string") {
          throw invalid(`a "${kind}" connection of "${source}" names no node`);
        }
        const input = typeof target.index === "number" ? target.index : 0;
        connections.push({ source, target: target.node, kind, output, input });
      }
    });
  }
  return connections;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(reason: string): WorkflowError {
  return new WorkflowError("WORKFLOW_INVALID", `This is not an n8n export: ${reason}.`);
}
