import type { WorkflowDefinition } from "@waymark/core";
import { reachedFrom } from "../import/reached.ts";

/**
 * Returns the node that the page proposes to be disturbed: every run comes to it, and it is near the middle.
 *
 * - A node that sends a request goes before others, because V1 does its effect twice.
 * - Undefined if no node lies on every way.
 */
export function proposedNode({ nodes, edges }: Pick<WorkflowDefinition, "nodes" | "edges">): string | undefined {
  const ids = nodes
    .map(({ id }) => id)
    .filter((id) => edges.some(({ source, target }) => id === source || id === target));
  const starts = ids.filter((id) => !edges.some(({ target }) => target === id));
  const ends = new Set(ids.filter((id) => !edges.some(({ source }) => source === id)));
  const isOnEveryWay = (id: string) => {
    const from = starts.filter((start) => start !== id);
    const next = (at: string) =>
      edges.flatMap(({ source, target }) => (source === at && target !== id ? [target] : []));
    return [...reachedFrom(from, next)].every((reached) => !ends.has(reached));
  };
  const sends = new Set(nodes.filter(({ type }) => type === "http-request" || type === "llm").map(({ id }) => id));
  const distance = (id: string) => Math.abs(nodes.findIndex((node) => node.id === id) - nodes.length / 2);
  const [first] = ids
    .filter(isOnEveryWay)
    .sort((a, b) => Number(sends.has(b)) - Number(sends.has(a)) || distance(a) - distance(b));
  return first;
}
