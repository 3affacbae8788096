import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyOperation } from "../../src/state/apply-operation.ts";
import { Codec } from "../../src/state/codec.ts";
import { difference, patchDifference } from "../../src/state/delta.ts";
import { assertExact } from "./exact.ts";
import { anyContext, anyValue } from "./values.ts";

const codec = new Codec();
const decoded = <T>(value: T): T => codec.decode(codec.encode(value)) as T;

function apply(state: unknown, operations: readonly string[]): unknown {
  return operations.reduce((at, text) => applyOperation(codec, at, JSON.parse(text)), state);
}

/** A change as nodes make it: some parts kept as they are, some replaced, added, removed, reordered. */
const change = fc.record({
  before: anyContext,
  added: anyContext,
  removed: fc.nat(),
  reversed: fc.boolean(),
  items: fc.array(anyValue, { maxLength: 4 }),
});

type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed({ before, added, removed, reversed, items }: Change): [object, object] {
  const previous = decoded({ ...before, list: items });
  const entries = Object.entries({ ...previous, ...added, list: [...previous.list, ...items.slice(removed % 3)] });
  entries.splice(removed % (entries.length + 1), removed % 2);
  return [previous, Object.fromEntries(reversed ? entries.toReversed() : entries)];
}

describe("difference", () => {
  it("leads exactly to the new state, for any two contexts", () => {
    fc.assert(
      fc.property(anyContext, anyContext, (a, b) => {
        const previous = decoded(a);
        const { value, operations } = difference(codec, previous, b);
        assertExact(value, b);
        assertExact(apply(previous, operations), b);
      }),
      { numRuns: 500 },
    );
  });

  it("leads exactly to the new state, for changes as nodes make them", () => {
    fc.assert(
      fc.property(change.map(changed), ([previous, next]) => {
        const { value, operations } = difference(codec, previous, next);
        assertExact(value, next);
        assertExact(apply(previous, operations), next);
      }),
      { numRuns: 500 },
    );
  });

  it("of a patch equals the difference to the merged context", () => {
    fc.assert(
      fc.property(anyContext, anyContext, (a, b) => {
        const previous = decoded(a);
        const { value, operations } = patchDifference(codec, previous, b);
        assertExact(value, { ...previous, ...b });
        assertExact(apply(previous, operations), { ...previous, ...b });
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["nothing", { a: { b: [1] } }, { a: { b: [1] } }, []],
    ["a key", { a: 1, b: 2 }, { a: 1, b: 3 }, ['["set",["b"],3]']],
    ["a sign of zero", { a: 0 }, { a: -0 }, ['["set",["a"],{"$type":"number","value":"-0"}]']],
    ["a sign of zero in a list", { l: [0, 1] }, { l: [-0, 1] }, ['["set",["l",0],{"$type":"number","value":"-0"}]']],
    ["a removed key", { a: 1, b: 2 }, { b: 2 }, ['["delete",["a"]]']],
    ["a grown array", { l: [{}, {}] }, { l: [{}, {}, 1, 2] }, ['["push",["l"],1,2]']],
    ["a queue's first item", { l: [1, 2, 3] }, { l: [2, 3] }, ['["splice",["l"],0,1]']],
    ["one item", { l: [{ n: 1 }, { n: 2 }] }, { l: [{ n: 1 }, { n: 3 }] }, ['["set",["l",1,"n"],3]']],
    ["the order of keys", { a: 1, b: 2 }, { b: 2, a: 1 }, ['["order",[],["b","a"]]']],
    ["a key that looks like a number", { a: 1 }, { 7: 1, a: 1 }, ['["set",["7"],1]']],
  ])("writes only %s", (_what, previous, next, operations) => {
    expect(difference(codec, decoded(previous), next).operations).toEqual(operations);
  });

  it("reuses the objects of the parts that did not change", () => {
    const previous = decoded({ kept: { deep: [1] }, changed: 1 });
    const { value } = difference(codec, previous, { ...previous, kept: { deep: [1] }, changed: 2 });
    expect((value as typeof previous).kept).toBe(previous.kept);
  });

  it("reports by how many characters the text grew", () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (a, b) => {
        const previous = decoded({ a: JSON.parse(a) });
        const next = { a: JSON.parse(b), c: 1 };
        const grown = codec.encode(next).length - codec.encode(previous).length;
        const { growth } = difference(codec, previous, next);
        // Commas and brackets of containers that were empty are not counted to the last character.
        expect(Math.abs(growth - grown)).toBeLessThanOrEqual(8 + b.length / 4 + a.length / 4);
      }),
      { numRuns: 200 },
    );
  });
});
