import { mustBe } from "../given.ts";
import { list } from "../option.ts";

/** The fields of a node and of an edge that a workflow is made from. */
const NODE = ["id", "type", "parentId"];
const EDGE = ["id", "source", "target", "sourceHandle", "targetHandle"];

/** Returns what is wrong with the form of a saved canvas, as a sentence after its name; `undefined` if nothing is. */
export function canvasProblem(flow: unknown): string | undefined {
  try {
    if (typeof flow !== "object" || flow === null || Array.isArray(flow) || flow instanceof Promise) {
      return mustBe("an object { nodes, edges } with lists of objects", flow);
    }
    const { nodes, edges } = flow as { nodes?: unknown; edges?: unknown };
    return itemProblem("nodes", nodes, NODE) ?? itemProblem("edges", edges, EDGE);
  } catch {
    return "it throws when it is read";
  }
}

/** The first item that is no object. Reads the fields of all, so that what throws does it here. */
function itemProblem(name: string, items: unknown, fields: readonly string[]): string | undefined {
  const problem = list(items);
  if (problem !== undefined) return `${name}: ${problem}`;
  for (const [index, item] of (items as readonly unknown[]).entries()) {
    if (typeof item !== "object" || item === null) return `${name}.${index}: ${mustBe("an object", item)}`;
    const read = item as Readonly<Record<string, unknown>>;
    for (const field of fields) void read[field];
    void (read.data as { label?: unknown } | null | undefined)?.label;
  }
  return undefined;
}
