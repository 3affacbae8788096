import { isDeepStrictEqual } from "node:util";

/** Compares like `isDeepStrictEqual` of `node:util`. Values that are nested too deeply for it count as different. */
export function areEqual(first: unknown, second: unknown): boolean {
  try {
    return isDeepStrictEqual(first, second);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
