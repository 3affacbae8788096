import type { WorkflowDefinition } from "../../src/index.ts";

/** Which outputs a node takes, by node id; absent: all. */
export type Choices = ReadonlyMap<string, readonly string[]>;

/**
 * Plans by the rules as they are told, from scratch at every step: slow, and nothing like the planner.
 *
 * An edge is taken, dead or open; it follows from what its source did. A node is skipped when all its incoming edges
 * are dead. Of the nodes that may run, the first defined runs.
 */
export function planByRules(definition: WorkflowDefinition, choices: Choices): { ran: string[]; skipped: string[] } {
  const { nodes, edges } = definition;
  const ran: string[] = [];
  const stateOf = (id: string): "ran" | "skipped" | "open" => {
    if (ran.includes(id)) return "ran";
    const incoming = edges.filter(({ target }) => target === id);
    return incoming.length > 0 && incoming.every((edge) => edgeState(edge) === "dead") ? "skipped" : "open";
  };
  const edgeState = (edge: WorkflowDefinition["edges"][number]): "taken" | "dead" | "open" => {
    const source = memo.get(edge.source) ?? remember(edge.source);
    if (source === "open") return "open";
    if (source === "skipped") return "dead";
    const chosen = choices.get(edge.source);
    const named = edge.sourceHandle === undefined || edge.sourceHandle === null;
    return chosen === undefined || named || chosen.includes(edge.sourceHandle as string) ? "taken" : "dead";
  };
  let memo = new Map<string, "ran" | "skipped" | "open">();
  const remember = (id: string) => {
    const state = stateOf(id);
    memo.set(id, state);
    return state;
  };
  for (;;) {
    memo = new Map();
    const next = nodes.find(({ id }) => {
      if ((memo.get(id) ?? remember(id)) !== "open") return false;
      const incoming = edges.filter(({ target }) => target === id).map(edgeState);
      return incoming.length === 0 || (!incoming.includes("open") && incoming.includes("taken"));
    });
    if (next === undefined) break;
    ran.push(next.id);
  }
  return { ran, skipped: nodes.filter(({ id }) => stateOf(id) === "skipped").map(({ id }) => id) };
}
