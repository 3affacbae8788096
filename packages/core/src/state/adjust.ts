import { WorkflowError } from "../errors.ts";
import { kindOf } from "../given.ts";
import { ADJUSTMENT, isAdjustment } from "./adjustments.ts";
import { isPlain, readPlain } from "./live-values.ts";
import { formatPath, type Path } from "./not-serializable.ts";
import { setOwn } from "./set-own.ts";
import { MAX_DEPTH } from "./too-deep.ts";

/**
 * Returns the new value of a key: an adjustment of the current one, or the value itself.
 *
 * @param current `undefined` if the context has no such key.
 * @throws {WorkflowError} NODE_RESULT_INVALID, STATE_NOT_SERIALIZABLE
 */
export function adjust(current: unknown, value: unknown, path: Path): unknown {
  if (!isAdjustment(value)) return value;
  const { surplus } = value as { surplus?: number };
  if (surplus !== undefined) {
    throw invalid(path, `${value[ADJUSTMENT]}() takes one argument, and was given ${surplus + 1}`);
  }
  switch (value[ADJUSTMENT]) {
    case "append":
      return appendTo(current, value.items, path);
    case "add":
      return addTo(current, value.amount, path);
    case "merge":
      return mergeInto(current, value.entries, path);
    default:
      throw invalid(path, "is no adjustment that this version knows");
  }
}

/** Returns a context with the changes of a patch. */
export function withChanges(context: Record<string, unknown>, changes: object): Record<string, unknown> {
  const next = { ...context };
  for (const [key, value] of Object.entries(changes)) {
    setOwn(next, key, adjust(Object.hasOwn(context, key) ? context[key] : undefined, value, [key]));
  }
  return next;
}

function appendTo(current: unknown, items: unknown, path: Path): unknown[] {
  if (!Array.isArray(items)) throw invalid(path, "append() has no items");
  if (current === undefined) return [...items];
  if (!Array.isArray(current)) throw invalid(path, `append() needs a list there, and it is ${kindOf(current)}`);
  return [...current, ...items];
}

function addTo(current: unknown, amount: unknown, path: Path): number | bigint {
  if (typeof amount !== "number" && typeof amount !== "bigint") {
    throw invalid(path, `add() takes a number or a bigint, and was given ${kindOf(amount)}`);
  }
  if (current === undefined) return amount;
  if (typeof current === "number" && typeof amount === "number") return current + amount;
  if (typeof current === "bigint" && typeof amount === "bigint") return current + amount;
  throw invalid(path, `add() of ${kindOf(amount)} needs ${kindOf(amount)} there, and it is ${kindOf(current)}`);
}

/** `above`: the entries that these are inside of. */
function mergeInto(
  current: unknown,
  entries: unknown,
  path: Path,
  above: readonly unknown[] = [],
): Record<string, unknown> {
  if (!isObject(entries)) throw invalid(path, `merge() takes a plain object, and was given ${kindOf(entries)}`);
  if (current !== undefined && !isObject(current)) {
    throw invalid(path, `merge() needs a plain object there, and it is ${kindOf(current)}`);
  }
  const merged = { ...current };
  const inside = [...above, entries];
  for (const [key, value] of Object.entries(readPlain(entries, path))) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    const at = [...path, key];
    // What contains itself, or is too deep to be kept, is refused when it is encoded.
    const isNested = isObject(value) && !isAdjustment(value) && !inside.includes(value) && inside.length < MAX_DEPTH;
    const next = isNested
      ? mergeInto(isObject(before) ? before : undefined, value, at, inside)
      : adjust(before, value, at);
    setOwn(merged, key, next);
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  try {
    return isPlain(value);
  } catch {
    // A value that cannot be read is refused when it is encoded.
    return false;
  }
}

function invalid(path: Path, what: string): WorkflowError {
  return new WorkflowError("NODE_RESULT_INVALID", `A node cannot change ${formatPath(path)}: ${what}.`, {
    details: { path: [...path] },
  });
}
