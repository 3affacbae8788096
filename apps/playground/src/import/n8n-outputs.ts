import { isRecord } from "./drawings.ts";
import type { N8nNode } from "./n8n-export.ts";
import { LOOP_OVER_ITEMS } from "./n8n-types.ts";

/** Node types with a fixed number of outputs that is not one. */
const OUTPUTS = new Map([
  ["n8n-nodes-base.if", 2],
  ["n8n-nodes-base.compareDatasets", 4],
]);

/**
 * Names the connected outputs of a node, as handles of edges.
 *
 * - `error`: the output that takes the node's errors.
 * - `item` and `done`: those of "Loop Over Items", whose order depends on its version.
 * - Any other is named by its index. A disabled node has a single output, without a name.
 */
export function nameOutputs(node: N8nNode, connected: readonly number[]): Map<number, string | undefined> {
  const errorOutput = errorOutputOf(node, connected);
  const nameOf = (output: number) => {
    if (node.disabled) return undefined;
    if (output === errorOutput) return "error";
    return (node.type === LOOP_OVER_ITEMS ? loopOutputs(node)[output] : undefined) ?? String(output);
  };
  return new Map(connected.map((output) => [output, nameOf(output)]));
}

/** The first version has one output, and takes none after the last item. */
function loopOutputs({ version }: N8nNode): readonly string[] {
  if (version < 2) return ["item"];
  return version < 3 ? ["item", "done"] : ["done", "item"];
}

/**
 * Finds the output that takes a node's errors. In n8n it follows the node's own outputs.
 *
 * - For some types, the parameters define the number of outputs. For an unknown type, the last connected output takes
 *   the errors, unless it is the first.
 */
function errorOutputOf(node: N8nNode, connected: readonly number[]): number | undefined {
  if (node.onError !== "route") return undefined;
  const output = ownOutputs(node) ?? Math.max(1, ...connected.slice(-1));
  return connected.includes(output) ? output : undefined;
}

function ownOutputs(node: N8nNode): number | undefined {
  const { type, parameters } = node;
  if (type === LOOP_OVER_ITEMS) return loopOutputs(node).length;
  const options = isRecord(parameters.options) ? parameters.options : {};
  if (type === "n8n-nodes-base.switch") return switchOutputs(parameters, options);
  if (type === "@n8n/n8n-nodes-langchain.textClassifier") {
    const categories = itemsOf(parameters.categories, "categories");
    return categories === undefined ? undefined : categories + (options.fallback === "other" ? 1 : 0);
  }
  if (type === "@n8n/n8n-nodes-langchain.sentimentAnalysis") {
    return typeof options.categories === "string" ? options.categories.split(",").length : 3;
  }
  return OUTPUTS.get(type);
}

/** Counts the outputs of a switch: one per rule (four in its first versions), and possibly a fallback. */
function switchOutputs(parameters: Record<string, unknown>, options: Record<string, unknown>): number | undefined {
  if (parameters.mode === "expression") {
    const number = Number(parameters.numberOutputs ?? parameters.outputsAmount ?? 4);
    return Number.isSafeInteger(number) && number > 0 ? number : undefined;
  }
  const rules = itemsOf(parameters.rules, "values");
  if (rules !== undefined) return rules + (options.fallbackOutput === "extra" ? 1 : 0);
  return itemsOf(parameters.rules, "rules") === undefined ? undefined : 4;
}

function itemsOf(value: unknown, key: string): number | undefined {
  const items = isRecord(value) ? value[key] : undefined;
  return Array.isArray(items) ? items.length : undefined;
}
