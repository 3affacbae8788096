import type { WorkflowError } from "../errors.ts";
import { containsItself, notSerializable, type Path } from "./not-serializable.ts";

/** The deepest nesting that a checkpoint keeps, in levels. */
export const MAX_DEPTH = 1_000;

/** Keys of the path to a value that is nested too deep. */
const SHOWN_KEYS = 12;

/** Is thrown while a value is read, at the place that is too deep. */
export class TooDeep {
  readonly path: Path;

  constructor(path: Path) {
    this.path = [...path];
  }
}

/**
 * Returns the error for a value that is nested too deep. Most such values contain themselves: then it says where.
 *
 * @param base The path of the value, with which the path `at` of the place that is too deep begins.
 */
export function tooDeep(value: unknown, base: Path, at: Path): WorkflowError {
  return cycleIn(value, base, at) ?? notSerializable(at.slice(0, SHOWN_KEYS), `nested deeper than ${MAX_DEPTH} levels`);
}

/** Walks down to the place that is too deep, until it meets a container a second time. */
function cycleIn(value: unknown, base: Path, at: Path): WorkflowError | undefined {
  const met = new Map<unknown, number>();
  let here = value;
  try {
    for (let depth = base.length; depth < at.length; depth++) {
      const first = met.get(here);
      if (first !== undefined) return containsItself(at.slice(0, first), at.slice(0, depth));
      met.set(here, depth);
      here = stepInto(here, at[depth] as string | number);
    }
  } catch {
    // A value that is no longer as it was read.
  }
  return undefined;
}

/** Returns what is under a key of a path: of a Map and a Set, the entry of that number. */
function stepInto(container: unknown, key: string | number): unknown {
  if (container instanceof Map) return [...container.values()][Number(key)];
  if (container instanceof Set) return [...container][Number(key)];
  return (container as Record<string | number, unknown>)[key];
}
