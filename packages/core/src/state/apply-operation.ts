import { WorkflowError } from "../errors.ts";
import type { Codec } from "./codec.ts";
import type { Path } from "./not-serializable.ts";
import { setOwn } from "./set-own.ts";

/**
 * Applies one operation of delta.ts, as parsed from JSON, which it takes over.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function applyOperation(codec: Codec, state: unknown, operation: readonly unknown[]): unknown {
  const [name, path, ...rest] = operation as [string, Path, ...unknown[]];
  return update(state, path, 0, (value, found) => {
    switch (name) {
      case "set":
        return codec.revive(rest[0]);
      case "push":
        return Object.freeze([...(value as unknown[]), ...rest.map((item) => codec.revive(item))]);
      case "splice": {
        const [start, deleteCount, ...items] = rest as [number, number, ...unknown[]];
        const array = [...(value as unknown[])];
        const tail = array.slice(start + deleteCount);
        return Object.freeze(
          array.slice(0, start).concat(
            items.map((item) => codec.revive(item)),
            tail,
          ),
        );
      }
      case "order":
        return Object.freeze(inOrder(value as Record<string, unknown>, rest[0] as string[]));
      case "delete":
        if (found) return DELETED;
    }
    throw new WorkflowError("STATE_CORRUPT", `A stored change cannot be applied: ${name} at ${JSON.stringify(path)}.`);
  });
}

const DELETED = Symbol("deleted");

/** Copies the containers on the way to a path and puts what `change` gives at its end. */
function update(
  state: unknown,
  path: Path,
  depth: number,
  change: (value: unknown, found: boolean) => unknown,
): unknown {
  const key = path[depth];
  if (key === undefined) return change(state, true);
  if (typeof state !== "object" || state === null) {
    throw new WorkflowError("STATE_CORRUPT", `A stored change leads nowhere: ${JSON.stringify(path)}.`);
  }
  if (Array.isArray(state)) {
    const copy = [...state];
    copy[key as number] = update(state[key as number], path, depth + 1, change);
    return Object.freeze(copy);
  }
  const from = state as Record<string, unknown>;
  const last = depth === path.length - 1;
  const found = Object.hasOwn(from, key);
  const value = last ? change(found ? from[key] : undefined, found) : update(from[key], path, depth + 1, change);
  if (value === DELETED)
    return Object.freeze(
      inOrder(
        from,
        Object.keys(from).filter((each) => each !== key),
      ),
    );
  const copy = { ...from };
  setOwn(copy, String(key), value);
  return Object.freeze(copy);
}

function inOrder(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  const ordered: Record<string, unknown> = {};
  for (const key of keys) setOwn(ordered, key, from[key]);
  return ordered;
}
