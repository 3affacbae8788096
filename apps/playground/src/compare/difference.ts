import { isDeepStrictEqual } from "node:util";
import { diff } from "jest-diff";

/** More lines than this help nobody; the rest is counted. */
const MAX_LINES = 60;

/**
 * Compares two outputs as `node:util`'s deep strict equality does.
 *
 * @returns `undefined` where they are equal, else the difference for people to read, without colours
 */
export function difference(v1: unknown, v2: unknown): string | undefined {
  if (isDeepStrictEqual(v1, v2)) return undefined;
  const [left, right] = onlyWhatDiffers(v1, v2);
  const text = diff(left, right, { aAnnotation: "V1", bAnnotation: "V2", expand: false, contextLines: 2, ...plain });
  const lines = (text ?? "").split("\n");
  if (lines.length <= MAX_LINES) return lines.join("\n");
  return [...lines.slice(0, MAX_LINES), `(${lines.length - MAX_LINES} more lines)`].join("\n");
}

const same = (text: string) => text;
const plain = {
  aColor: same,
  bColor: same,
  changeColor: same,
  commonColor: same,
  patchColor: same,
};

/** A context may hold thousands of items; the keys that are equal are left out before anything is printed. */
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

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
