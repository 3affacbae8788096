import { WorkflowError } from "@waymark/core";
import { type DrawingValue, isRecord } from "./drawings.ts";

/** Field names that applications use for the ends of a connection. */
const FIELDS = {
  source: ["fromNodeId", "from_node_id", "sourceNodeId", "source_node_id", "source", "from"],
  target: ["toNodeId", "to_node_id", "targetNodeId", "target_node_id", "target", "to"],
  sourceHandle: ["fromOutput", "from_output", "sourceOutput", "source_output", "sourceHandle", "source_handle"],
  targetHandle: ["toInput", "to_input", "targetInput", "target_input", "targetHandle", "target_handle"],
};

/** Field names that applications use for a node's data. */
const DATA = ["data", "parameters", "config", "settings"];

/**
 * Converts rows to a canvas: `nodes`, and `connections: [{ fromNodeId, toNodeId, fromOutput, toInput }]`.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function canvasOfRows(value: DrawingValue): DrawingValue {
  const connections = value.connections as unknown[];
  return {
    ...value,
    nodes: value.nodes.map((node) => (isRecord(node) ? { ...node, data: firstOf(node, DATA) } : node)),
    edges: connections.map((connection, index) => {
      if (!isRecord(connection)) throw invalid(index, "is not an object");
      const source = firstOf(connection, FIELDS.source);
      const target = firstOf(connection, FIELDS.target);
      if (source === undefined || target === undefined) throw invalid(index, 'has no "fromNodeId" or no "toNodeId"');
      const sourceHandle = firstOf(connection, FIELDS.sourceHandle);
      return { ...connection, source, target, sourceHandle, targetHandle: firstOf(connection, FIELDS.targetHandle) };
    }),
  };
}

function firstOf(fields: Record<string, unknown>, names: readonly string[]): unknown {
  for (const name of names) if (fields[name] !== undefined && fields[name] !== null) return fields[name];
  return undefined;
}

function invalid(index: number, reason: string): WorkflowError {
  return new WorkflowError("WORKFLOW_INVALID", `These rows cannot be read: connection ${index} ${reason}.`);
}
