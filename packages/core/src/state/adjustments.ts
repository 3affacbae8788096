/*
 * Values of a patch that are computed from the value in the context when the node is committed. So changes of nodes that
 * run side by side add up.
 */

/** Marks an adjustment, whichever copy of this package has made it. */
export const ADJUSTMENT: unique symbol = Symbol.for("waymark.Adjustment");

/** Made by {@link append}. */
export interface Append<Item = unknown> {
  readonly [ADJUSTMENT]: "append";
  readonly items: readonly Item[];
}

/** Made by {@link add}. */
export interface Add<Amount extends number | bigint = number | bigint> {
  readonly [ADJUSTMENT]: "add";
  readonly amount: Amount;
}

/** Made by {@link merge}. */
export interface Merge<Entries extends object = object> {
  readonly [ADJUSTMENT]: "merge";
  readonly entries: Entries;
}

/** A value of a patch that adjusts the value in the context. */
export type Adjustment = Append | Add | Merge;

/** The type of a patch's values in the context. A `merge()` may name a part of an object, so its type is not checked. */
export type Adjusted<Changes extends object> = {
  [Key in keyof Changes]: Changes[Key] extends Append<infer Item>
    ? Item[]
    : Changes[Key] extends Add<infer Amount>
      ? Amount
      : Changes[Key] extends Merge
        ? never
        : Changes[Key];
};

/**
 * A value of a patch that appends items to the array in the context. If there is none, it begins one.
 *
 * - It is applied when the node is committed. So nodes that run side by side all append, in the order of their commits.
 * - If the context holds another kind of value, the node fails with NODE_RESULT_INVALID.
 *
 * @example
 * ```ts
 * const note: NodeExecutor = ({ node }) => patch({ log: append(`${node.id} has run`) });
 * ```
 */
export function append<Item>(...items: Item[]): Append<Item> {
  return { [ADJUSTMENT]: "append", items };
}

/**
 * A value of a patch that adds to the number or bigint in the context. If there is none, it begins at 0.
 *
 * - It is applied when the node is committed. So two nodes that run side by side and add 1 make 2.
 * - If the context holds another kind of value, the node fails with NODE_RESULT_INVALID.
 *
 * @example
 * ```ts
 * const score: NodeExecutor = () => patch({ points: add(1) });
 * ```
 */
export function add(amount: number): Add<number>;
export function add(amount: bigint): Add<bigint>;
export function add(amount: number | bigint, ...others: unknown[]): Add {
  return { [ADJUSTMENT]: "add", amount, ...surplus(others) };
}

/**
 * A value of a patch that sets keys of the object in the context. If there is none, it begins one.
 *
 * - Objects are merged key by key, at every depth. Any other value replaces the one in the context, and the values of
 *   `append()`, `add()` and `merge()` adjust it.
 * - It is applied when the node is committed. If two nodes set the same key, the later commit stands.
 * - If the context holds another kind of value, the node fails with NODE_RESULT_INVALID.
 *
 * @example
 * ```ts
 * const total: NodeExecutor = () => patch({ totals: merge({ eu: 3 }) });
 * ```
 */
export function merge<Entries extends object>(entries: Entries): Merge<Entries>;
export function merge<Entries extends object>(entries: Entries, ...others: unknown[]): Merge<Entries> {
  return { [ADJUSTMENT]: "merge", entries, ...surplus(others) };
}

/** The mark of a call with too many arguments. It is refused when the patch is read. */
function surplus(others: readonly unknown[]): { surplus: number } | undefined {
  return others.length === 0 ? undefined : { surplus: others.length };
}

/** Returns whether a value of a patch is an adjustment. */
export function isAdjustment(value: unknown): value is Adjustment {
  if (typeof value !== "object" || value === null) return false;
  try {
    return typeof (value as Partial<Append>)[ADJUSTMENT] === "string";
  } catch {
    // A value that cannot be read is refused when it is encoded.
    return false;
  }
}
