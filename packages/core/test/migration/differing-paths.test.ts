import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differingPaths, parsePathPattern, withoutPaths, writePathPattern } from "../../src/migration/index.ts";

const left = (output: unknown, ...paths: string[]) =>
  withoutPaths(
    output,
    paths.map((path) => parsePathPattern(path)),
  );

describe("a path", () => {
  const output = { crm: { a: { at: 1, x: 2 }, b: { at: 3 } }, list: [{ at: 4 }, 5], "a.b": 6, "*": 7, at: 8 };

  it.each<[string, unknown]>([
    ["crm.a.at", { ...output, crm: { a: { x: 2 }, b: { at: 3 } } }],
    ["crm.*.at", { ...output, crm: { a: { x: 2 }, b: {} } }],
    ["crm.*", { ...output, crm: {} }],
    ["crm.**", { list: output.list, "a.b": 6, "*": 7, at: 8 }],
    ["**.at", { crm: { a: { x: 2 }, b: {} }, list: [{}, 5], "a.b": 6, "*": 7 }],
    ["list.0.at", { ...output, list: [{}, 5] }],
    ["list.*", { ...output, list: ["(left out)", "(left out)"] }],
    ["a\\.b", { crm: output.crm, list: output.list, "*": 7, at: 8 }],
    ["\\*", { crm: output.crm, list: output.list, "a.b": 6, at: 8 }],
    ["a.b", output],
    ["crm.at", output],
    ["**", "(left out)"],
  ])("%s matches its places and no others", (path, expected) => {
    const before = structuredClone(output);
    expect(left(output, path)).toEqual(expected);
    expect(output).toEqual(before);
  });

  it("with many ** takes no longer than any other", () => {
    const deep = Array.from({ length: 200 }).reduce<unknown>((inner) => ({ a: inner, b: 1 }), 1);
    const path = `${"**.a.".repeat(40)}none`;
    expect(left(deep, path)).toEqual(deep);
  });

  it("is read as it was written, with any keys", () => {
    const key = fc.oneof(
      fc.string({ minLength: 1, unit: "binary" }),
      fc.constantFrom(".", "*", "**", "\\", "a.b", "\\.", "é"),
    );
    const segment = fc.oneof(
      { weight: 4, arbitrary: key.map((name) => ({ key: name })) },
      fc.constantFrom("*" as const, "**" as const),
    );
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 6 }), (pattern) => {
        expect(parsePathPattern(writePathPattern(pattern))).toEqual(pattern);
      }),
    );
  });
});

describe("differingPaths", () => {
  const paths = (a: unknown, b: unknown) => differingPaths(a, b).map(({ path }) => writePathPattern(path));

  it.each<[string, unknown, unknown, string[]]>([
    ["nothing", { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, []],
    ["a value", { a: { b: 1, c: 1 } }, { a: { b: 2, c: 1 } }, ["a.b"]],
    ["items of a list, once", { a: [{ at: 1 }, { at: 2 }] }, { a: [{ at: 3 }, { at: 4 }] }, ["a.*.at"]],
    ["the length of a list", { a: [1] }, { a: [1, 2] }, ["a"]],
    ["a key that is there once", { a: { b: 1 } }, { a: { b: 1, c: 1 } }, ["a.c"]],
    ["keys that are others throughout", { a: { x: 1 } }, { a: { y: 1 } }, ["a"]],
    ["the whole", 1, 2, [""]],
    ["undefined and nothing", { a: undefined }, {}, ["a"]],
    ["classes", { a: new Date(0) }, { a: new Date(1) }, ["a"]],
  ])("finds %s", (_, a, b, expected) => {
    expect(paths(a, b)).toEqual(expected);
  });

  it("ends on outputs that contain themselves", () => {
    const loop = (value: number) => {
      const made: Record<string, unknown> = { value };
      made.self = made;
      return made;
    };
    expect(paths(loop(1), loop(2))).toEqual(["value", "self"]);
    expect(paths(loop(1), loop(1))).toEqual([]);
  });

  it("finds places without which any two outputs are equal", () => {
    const output = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(output, output, (a, b) => {
        const found = differingPaths(a, b).map(({ path }) => path);
        expect(withoutPaths(a, found)).toEqual(withoutPaths(b, found));
        if (found.length === 0) expect(a).toEqual(b);
      }),
    );
  });
});
