import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { difference } from "../../src/state/delta.ts";
import { MergeConflict, mergeContexts } from "../../src/state/merge-contexts.ts";
import { assertExact } from "./exact.ts";
import { anyContext } from "./values.ts";

type Context = Record<string, unknown>;

const codec = new Codec();
const decoded = <T>(value: T): T => codec.decode(codec.encode(value)) as T;

/** Merges two changes of one context in an order; returns the path of a conflict instead if they conflict. */
function merged(given: Context, first: Context, second: Context): Context | { conflict: readonly unknown[] } {
  const base = decoded(given);
  const [current, result] = [first, second].map((each) => difference(codec, base, each).value as Context);
  try {
    return mergeContexts(codec, { given: base, current: current as Context, result: result as Context });
  } catch (error) {
    if (error instanceof MergeConflict) return { conflict: error.path };
    throw error;
  }
}

describe("mergeContexts", () => {
  const date = new Date(0);
  const cases: [string, { given: Context; first: Context; second: Context; merged: unknown }][] = [
    ["takes keys that each has added", { given: {}, first: { a: 1 }, second: { b: 2 }, merged: { a: 1, b: 2 } }],
    [
      "takes a change of either side",
      { given: { a: 1, b: 1 }, first: { a: 2, b: 1 }, second: { a: 1, b: 2 }, merged: { a: 2, b: 2 } },
    ],
    [
      "removes what one has removed",
      { given: { a: 1, b: 1 }, first: { a: 1 }, second: { a: 2, b: 1 }, merged: { a: 2 } },
    ],
    ["removes what both have removed", { given: { a: 1, b: 1 }, first: { a: 1 }, second: { a: 1 }, merged: { a: 1 } }],
    [
      "refuses a removal of what the other has changed",
      { given: { a: 1 }, first: { a: 2 }, second: {}, merged: { conflict: ["a"] } },
    ],
    [
      "refuses a change of what the other has removed",
      { given: { a: 1 }, first: {}, second: { a: 2 }, merged: { conflict: ["a"] } },
    ],
    [
      "merges objects at every depth",
      {
        given: { o: { p: { a: 1 } } },
        first: { o: { p: { a: 1, b: 2 } } },
        second: { o: { p: { a: 3 } } },
        merged: { o: { p: { a: 3, b: 2 } } },
      },
    ],
    [
      "merges objects that both have added",
      { given: {}, first: { o: { a: 1 } }, second: { o: { b: 2 } }, merged: { o: { a: 1, b: 2 } } },
    ],
    [
      "names the path of a conflict",
      {
        given: { o: { a: [1, 2] } },
        first: { o: { a: [1, 3] } },
        second: { o: { a: [1, 4] } },
        merged: { conflict: ["o", "a", 1] },
      },
    ],
    [
      "merges arrays of one length item by item",
      { given: { l: [1, 2] }, first: { l: [9, 2] }, second: { l: [1, 8] }, merged: { l: [9, 8] } },
    ],
    [
      "refuses two arrays that grew",
      { given: { l: [1] }, first: { l: [1, 2] }, second: { l: [1, 3] }, merged: { conflict: ["l"] } },
    ],
    [
      "refuses equal arrays that grew: an item may be lost",
      { given: { l: [] }, first: { l: [1] }, second: { l: [1] }, merged: { conflict: ["l"] } },
    ],
    [
      "refuses equal numbers: a count may be lost",
      { given: { n: 0 }, first: { n: 1 }, second: { n: 1 }, merged: { conflict: ["n"] } },
    ],
    ["refuses equal bigints", { given: { n: 0n }, first: { n: 1n }, second: { n: 1n }, merged: { conflict: ["n"] } }],
    ["takes equal texts", { given: { s: "" }, first: { s: "paid" }, second: { s: "paid" }, merged: { s: "paid" } }],
    [
      "takes equal booleans, nulls and undefined",
      {
        given: { a: 0, b: 0, c: 0 },
        first: { a: true, b: null, c: undefined },
        second: { a: true, b: null, c: undefined },
        merged: { a: true, b: null, c: undefined },
      },
    ],
    ["takes equal dates", { given: {}, first: { d: date }, second: { d: new Date(0) }, merged: { d: date } }],
    [
      "refuses different dates",
      { given: {}, first: { d: date }, second: { d: new Date(1) }, merged: { conflict: ["d"] } },
    ],
    [
      "takes a Map as one value",
      {
        given: { m: new Map([["a", 1]]) },
        first: { m: new Map([["a", 2]]) },
        second: { m: new Map([["a", 1]]) },
        merged: { m: new Map([["a", 2]]) },
      },
    ],
    [
      "refuses an object against a text",
      { given: {}, first: { a: {} }, second: { a: "x" }, merged: { conflict: ["a"] } },
    ],
    [
      "does not see another order of keys as a change",
      {
        given: { o: { a: 1, b: 2 } },
        first: { o: { b: 2, a: 1 } },
        second: { o: { a: 1, b: 3 } },
        merged: { o: { a: 1, b: 3 } },
      },
    ],
    [
      "keeps a key named __proto__",
      {
        given: {},
        first: JSON.parse('{"__proto__":1}'),
        second: { a: 1 },
        merged: JSON.parse('{"__proto__":1,"a":1}'),
      },
    ],
  ];
  it.each(cases)("%s", (_title, { given, first, second, merged: expected }) => {
    assertExact(merged(given, first, second), expected);
  });

  it("returns the result as it is if nothing else was committed, with its order of keys", () => {
    const given = { a: 1, b: 2 };
    const result = { b: 2, a: 1 };
    expect(mergeContexts(codec, { given, current: given, result })).toBe(result);
  });

  /** Three contexts that share many keys and values, so that changes meet. */
  const small = fc.dictionary(
    fc.constantFrom("a", "b", "c"),
    fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(0, 1, "x", "y", true, null, undefined, 1n),
        fc.constantFrom(0, 1).map((time) => new Date(time)),
        fc.array(tie("value"), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom("a", "b"), tie("value"), { maxKeys: 2 }),
      ),
    })).value,
  );

  it("makes the same context in both orders, or conflicts in both", () => {
    fc.assert(
      fc.property(small, small, small, (given, first, second) => {
        const [one, other] = [merged(given, first, second), merged(given, second, first)];
        if ("conflict" in one) expect(other).toHaveProperty("conflict");
        else expect(other).toEqual(one);
      }),
      { numRuns: 3_000 },
    );
  });

  it("takes a side's change whole if the other changed nothing", () => {
    fc.assert(
      fc.property(anyContext, anyContext, (given, change) => {
        expect(codec.encode(sorted(merged(given, change, given) as Context))).toBe(
          codec.encode(sorted(decoded(change))),
        );
        expect(codec.encode(sorted(merged(given, given, change) as Context))).toBe(
          codec.encode(sorted(decoded(change))),
        );
      }),
    );
  });

  it("loses no change of a key that only one side has changed", () => {
    fc.assert(
      fc.property(small, small, small, (given, first, second) => {
        const made = merged(given, first, second);
        if ("conflict" in made) return;
        const base = decoded(given);
        for (const key of ["a", "b", "c"]) {
          const [was, one, other] = [base, decoded(first), decoded(second)].map((each) => textAt(each, key));
          if (one === was) expect(textAt(made, key)).toBe(other);
          else if (other === was) expect(textAt(made, key)).toBe(one);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The text of a value, whatever the order of keys in it. */
function textAt(context: Context, key: string): string {
  return Object.hasOwn(context, key) ? codec.encode({ value: sorted(context[key]) }) : "absent";
}

function sorted<T>(value: T): T {
  if (Array.isArray(value)) return value.map(sorted) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)])) as T;
}
