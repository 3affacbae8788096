import { checker } from "../checker.ts";
import { NonRetryableError, WorkflowError } from "../errors.ts";
import { kindOf } from "../given.ts";
import { optional, text, wholeNumber } from "../option.ts";
import { quoted } from "../text.ts";
import { POSITIONS, positionOf, positionsIn, withoutPositions } from "./loop-positions.ts";
import { type NodeExecutor, patch, route, type WorkflowContext } from "./node-executor.ts";

/**
 * The options of {@link forEachItem}.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/loops.md
 */
export interface ForEachItemOptions {
  /** The key of the context that holds the list. */
  items: string;
  /** The key under which each round gets its item, or its batch of items. It is removed after the last one. */
  as: string;
  /** The most items of a batch. If it is set, each round gets a list of them. Default: one item, not in a list. */
  batchSize?: number;
}

/** The executor that {@link forEachItem} makes. It declares its outputs. */
export interface ForEachItemExecutor extends NodeExecutor {
  readonly outputs: readonly ["item", "done"];
}

/**
 * Makes an executor for the entry of a loop: each round handles the next item of a list in the context.
 *
 * - Its outputs are `item` and `done`. Draw an edge from `item` to the first node of the loop, from the last node back to
 *   this one, and an edge from `done` to what follows.
 * - It keeps its position in the context, under `forEachItem`. The position is removed when the loop ends, also if that is
 *   before the last item. So a loop inside another one begins with the first item each time.
 * - A round gets the list as it is then: items that were added behind the position are handled too.
 * - Fails with a NonRetryableError if there is no list under the key.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 *
 * @example
 * ```ts
 * const executors = { eachOrder: forEachItem({ items: "orders", as: "order" }) };
 * ```
 */
export function forEachItem(options: ForEachItemOptions): ForEachItemExecutor {
  const { items: listKey, as, batchSize } = checkOptions(options);
  refuseSharedKeys(listKey, as);
  const executor: NodeExecutor = ({ context, node }) => {
    const list = Object.hasOwn(context, listKey) ? context[listKey] : undefined;
    if (!Array.isArray(list)) {
      const found = list === undefined ? "nothing" : kindOf(list);
      throw new NonRetryableError(
        `Node ${quoted(node.id)}: context key ${quoted(listKey)} holds ${found}, not a list.`,
      );
    }
    const positions = positionsIn(context);
    const position = positionOf(positions, node.id);
    if (position >= list.length) return route(withoutPosition(context, node.id, as), "done");
    const next = position + (batchSize ?? 1);
    const item: unknown = batchSize === undefined ? list[position] : list.slice(position, next);
    return route(patch({ [as]: item, [POSITIONS]: { ...positions, [node.id]: next } }), "item");
  };
  return Object.assign(executor, { outputs: ["item", "done"] as const });
}

function withoutPosition(context: Readonly<WorkflowContext>, nodeId: string, as: string): WorkflowContext {
  const { [as]: _item, ...others } = context;
  return withoutPositions(others, [nodeId]) ?? others;
}

/** The list, the item and the positions are three values of one context. @throws {WorkflowError} INVALID_ARGUMENT */
function refuseSharedKeys(items: string, as: string): void {
  const isReserved = items === POSITIONS || as === POSITIONS;
  if (!isReserved && items !== as) return;
  const option = items === POSITIONS ? "items" : "as";
  const taken = isReserved ? "the positions of loops are kept there" : "it is the key of the list (items)";
  const key = isReserved ? POSITIONS : as;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `forEachItem: ${option}: must be another key of the context, not ${quoted(key)}: ${taken}.`,
  );
}

const checkOptions = checker<ForEachItemOptions>("forEachItem", {
  items: text,
  as: text,
  batchSize: optional(wholeNumber(1)),
});
