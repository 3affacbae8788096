import type { WorkflowDefinition, WorkflowEdge } from "@waymark/core";

/** The most changes of one kind that are named. */
const MAX_NAMED = 50;

/** The difference of two definitions, in the ids of nodes. */
export interface DefinitionChanges {
  added: string[];
  removed: string[];
  changed: string[];
  edges: string[];
}

/** Compares the definition of an execution with a newer one. Returns what the newer one has added, removed and changed. */
export function definitionChanges(original: WorkflowDefinition, current: WorkflowDefinition): DefinitionChanges {
  const before = new Map(original.nodes.map((node) => [node.id, canonical(node)]));
  const after = new Map(current.nodes.map((node) => [node.id, canonical(node)]));
  const edgesBefore = new Set(original.edges.map(edgeName));
  const edgesAfter = new Set(current.edges.map(edgeName));
  const edges = [
    ...[...edgesAfter].filter((edge) => !edgesBefore.has(edge)).map((edge) => `+ ${edge}`),
    ...[...edgesBefore].filter((edge) => !edgesAfter.has(edge)).map((edge) => `− ${edge}`),
  ];
  return {
    added: [...after.keys()].filter((id) => !before.has(id)).slice(0, MAX_NAMED),
    removed: [...before.keys()].filter((id) => !after.has(id)).slice(0, MAX_NAMED),
    changed: [...after]
      .filter(([id, node]) => before.has(id) && before.get(id) !== node)
      .map(([id]) => id)
      .slice(0, MAX_NAMED),
    edges: edges.slice(0, MAX_NAMED),
  };
}

function edgeName({ source, target, sourceHandle }: WorkflowEdge): string {
  return `${source}${sourceHandle ? ` (${sourceHandle})` : ""} → ${target}`;
}

/** The JSON text of a value, the same for every order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
