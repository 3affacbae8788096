import fc from "fast-check";
import { anyInstance, errorsWith } from "./instances.ts";

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "toString", "$type", "$set", "a.b", "", "0", "10", "then", "length"),
);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\u0000", "\uD800", "\uDC00x", '{"$type":"Date"}', "null", ""),
);
const leaf = fc.oneof(
  fc.constantFrom(null, undefined, true, false, 0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  text,
  fc.date({ noInvalidDate: false }),
  anyInstance,
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
);

const { value } = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    tie("object"),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie("value"), { maxLength: 4 }).map((items) => new Set(items)),
    errorsWith(tie("value"), key),
  ),
  object: fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map(objectOf),
}));

/** Any value that a checkpoint keeps. */
export const anyValue: fc.Arbitrary<unknown> = value;

/** Any context: a plain object of such values, under any keys. */
export const anyContext: fc.Arbitrary<Record<string, unknown>> = fc
  .array(fc.tuple(key, value), { maxLength: 8 })
  .map(objectOf);

/** Own keys, also `__proto__`, in the order given. */
function objectOf(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(entries);
}
