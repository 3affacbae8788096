import {
  end,
  forEachItem,
  type NodeExecutor,
  type Patch,
  patch,
  type Routed,
  route,
  type WorkflowContext,
  type WorkflowDefinition,
} from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";
import { NodePlaces } from "./node-places.ts";
import { isMade } from "./pass-through.ts";

/** The context key under which core's `forEachItem` finds the list. */
const LIST = "loopOverItems.list";
/** The context key of what the rounds of a loop have returned so far. Each loop has its own: loops may run side by side. */
const returnedBy = (nodeId: string) => `loopOverItems.${nodeId}`;

/** The rounds of a loop over an item that a node without an executor made. */
const MADE_ROUNDS = 3;
const MAX_MADE_ITEMS = 1_000;

/**
 * Makes the executor of n8n's "Loop Over Items", by core's `forEachItem`.
 *
 * - Each round writes the next batch of items to the node's id, and takes the output `item`. After the last one, the node
 *   writes what came back to it, and takes `done`. The first version of the type has no `done`: it ends its branch.
 * - The items are those of its inputs from outside the loop. An item that a node without an executor made stands for
 *   several, so that the loop has more than one round.
 */
export function createLoopOverItems(workflow: WorkflowDefinition): NodeExecutor {
  const places = new NodePlaces(workflow);
  return async (args) => {
    const { context, node } = args;
    const { parameters = {}, version = 1 } = (node.data ?? {}) as Partial<N8nNodeData>;
    const size = Number(parameters.batchSize ?? (version < 3 ? 10 : 1));
    const batchSize = Number.isSafeInteger(size) && size > 0 ? size : 1;
    const inputs = places.inputsOf(node.id);
    const isBack = (id: string) => places.isReached(node.id, id);
    // A map over a child workflow has a list of items for each child.
    const read = (ids: readonly string[]) =>
      ids.flatMap((id) => (Object.hasOwn(context, id) ? [context[id] ?? []].flat(2) : []));
    const given = read(inputs.filter((id) => !isBack(id)));
    const list = given.length === 1 && isMade(given[0]) ? several(given[0], (MADE_ROUNDS - 1) * batchSize + 1) : given;
    const key = returnedBy(node.id);
    // The engine removes the position when the loop has ended, also if it was left before its last item.
    const { forEachItem: positions } = context as { forEachItem?: Readonly<Record<string, number>> };
    const hasBegun = Object.hasOwn(positions ?? {}, node.id);
    const before = hasBegun ? (context[key] as readonly unknown[] | undefined) : undefined;
    const returned = before === undefined ? [] : [...before, ...read(inputs.filter(isBack))];

    const next = forEachItem({ items: LIST, as: node.id, batchSize });
    const { result, handles } = (await next({ ...args, context: { ...context, [LIST]: list } })) as Routed;
    if (handles === "item") {
      const { changes } = result as Patch;
      return route(patch({ ...changes, [key]: returned }), "item");
    }
    const { [LIST]: _list, [key]: _returned, ...others } = result as WorkflowContext;
    const done = { ...others, [node.id]: returned };
    return version < 2 ? end(done) : route(done, "done");
  };
}

function several({ json }: { json: { digest: string } }, count: number): unknown[] {
  const made = Math.min(count, MAX_MADE_ITEMS);
  return Array.from({ length: made }, (_, index) => ({ json: { ...json, digest: `${json.digest}-${index + 1}` } }));
}
