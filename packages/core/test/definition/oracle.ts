import type { WorkflowDefinition } from "../../src/index.ts";

/** The outputs that each node takes, by node id. If a node is absent, it takes all. */
export type Choices = ReadonlyMap<string, readonly string[]>;

/**
 * Plans by applying the documented rules from scratch at every step. It is slow, and shares no code with the planner.
 *
 * An edge is taken, dead or open, depending on its source. A node is skipped once all its incoming edges are dead. Of
 * the nodes that may run, the one defined first runs.
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
