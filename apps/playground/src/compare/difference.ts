import { isDeepStrictEqual } from "node:util";
import { differingPaths, writePathPattern } from "@waymark/core/migration";
import { cleanText } from "@waymark/core/store";
import { diff } from "jest-diff";

/** The maximum number of lines. Further lines are only counted. */
const MAX_LINES = 60;
/** The longest line, in characters. */
const MAX_LINE = 500;
/** The maximum number of values to show side by side. For larger outputs only the places are named. */
const MAX_VALUES = 5_000;

/**
 * Compares two outputs like `isDeepStrictEqual` of `node:util`.
 *
 * - The text is safe for a terminal: it has no control characters, and no credentials in addresses.
 *
 * @returns `undefined` if they are equal, otherwise the difference as text without colours
 */
export function difference(v1: unknown, v2: unknown): string | undefined {
  try {
    if (isDeepStrictEqual(v1, v2)) return undefined;
    const [left, right] = onlyWhatDiffers(v1, v2);
    const isSmall = countValues(left, countValues(right, 0)) <= MAX_VALUES;
    return cutLines(isSmall ? sideBySide(left, right) : places(left, right));
  } catch (error) {
    if (error instanceof RangeError)
      return "The outputs cannot be compared: they are nested too deeply, or are too large.";
    throw error;
  }
}

function sideBySide(left: unknown, right: unknown): string[] {
  const text = diff(left, right, { aAnnotation: "V1", bAnnotation: "V2", expand: false, contextLines: 2, ...plain });
  return (text ?? "").split("\n");
}

function places(left: unknown, right: unknown): string[] {
  const named = differingPaths(left, right).map(({ path }) => `  ${writePathPattern(path)}`);
  return ["V1 and V2 differ, and are too large to show side by side. They differ at:", ...named];
}

function cutLines(lines: readonly string[]): string {
  const kept = lines.slice(0, MAX_LINES).map((line) => cleanText(line, MAX_LINE));
  const more = lines.length - kept.length;
  return [...kept, ...(more === 0 ? [] : [`(${more} more lines)`])].join("\n");
}

const same = (text: string) => text;
const plain = {
  aColor: same,
  bColor: same,
  changeColor: same,
  commonColor: same,
  patchColor: same,
};

/** Removes equal keys before anything is printed, because a context may have thousands of items. */
function onlyWhatDiffers(v1: unknown, v2: unknown): [unknown, unknown] {
  if (!isPlainObject(v1) || !isPlainObject(v2)) return [{ output: v1 }, { output: v2 }];
  const keys = [...new Set([...Object.keys(v1), ...Object.keys(v2)])].filter(
    (key) => !(Object.hasOwn(v1, key) && Object.hasOwn(v2, key) && isDeepStrictEqual(v1[key], v2[key])),
  );
  if (keys.length === 0) return [v1, v2];
  const pick = (value: Record<string, unknown>) =>
    Object.fromEntries(keys.filter((key) => Object.hasOwn(value, key)).map((key) => [key, value[key]]));
  return [pick(v1), pick(v2)];
}

/** Counts the values in a tree, with one more per 1,000 characters of text. Stops once there are too many. */
function countValues(value: unknown, counted: number): number {
  let count = counted + 1;
  if (count > MAX_VALUES) return count;
  if (typeof value === "string") return count + Math.floor(value.length / 1_000);
  if (typeof value !== "object" || value === null) return count;
  for (const key in value) {
    count = countValues((value as Record<string, unknown>)[key], count);
    if (count > MAX_VALUES) return count;
  }
  return count;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
