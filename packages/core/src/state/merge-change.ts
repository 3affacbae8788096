import { isAdjustment } from "./adjustments.ts";
import type { Codec } from "./codec.ts";
import { difference, patchDifference } from "./delta.ts";
import type { ContextChange } from "./journal-entries.ts";
import { readPlain } from "./live-values.ts";
import { mergeContexts, mergeKeys } from "./merge-contexts.ts";
import { setOwn } from "./set-own.ts";

type Context = Record<string, unknown>;

/**
 * Returns a node's change of the context that it was given as a change of the current one.
 *
 * - If the two are the same, it is the change as it is.
 * - Adjustments (`append`, `add`, `merge`) are applied to the current values, and never conflict.
 *
 * @throws {MergeConflict}; {WorkflowError} STATE_NOT_SERIALIZABLE, NODE_RESULT_INVALID
 */
export function mergeChange(
  codec: Codec,
  { given, current }: { given: Context; current: Context },
  change: ContextChange,
): ContextChange {
  if (given === current) return change;
  const { context, changes } = change;
  if (context !== undefined) {
    const result = difference(codec, given, context).value as Context;
    return { context: mergeContexts(codec, { given, current, result }) };
  }
  if (changes === undefined) return change;
  const entries = Object.entries(readPlain(changes, []));
  const set = objectOf(entries.filter(([, value]) => !isAdjustment(value)));
  const result = patchDifference(codec, given, set).value as Context;
  const merged = mergeKeys(codec, { given, current, result }, Object.keys(set));
  const kept = entries.filter(([key, value]) => isAdjustment(value) || Object.hasOwn(merged, key));
  return { changes: objectOf(kept.map(([key, value]) => [key, isAdjustment(value) ? value : merged[key]])) };
}

function objectOf(entries: readonly (readonly [string, unknown])[]): Context {
  const object: Context = {};
  for (const [key, value] of entries) setOwn(object, key, value);
  return object;
}
