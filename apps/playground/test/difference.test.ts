import { areEqual } from "@waymark/core/migration";
import { describe, expect, it } from "vitest";
import { difference } from "../src/compare/difference.ts";

describe("difference", () => {
  it("is undefined for equal outputs with any order of keys", () => {
    expect(difference({ a: 1, b: [{ c: undefined }] }, { b: [{ c: undefined }], a: 1 })).toBeUndefined();
  });

  it.each([
    ["a key that is missing", { a: undefined }, {}],
    ["a sign", { a: 0 }, { a: -0 }],
    ["a type", { a: 1 }, { a: "1" }],
    ["a class", { a: new Date(0) }, { a: new Date(0).toISOString() }],
    ["an order", { a: [1, 2] }, { a: [2, 1] }],
    ["a whole output", undefined, { a: 1 }],
  ])("reports %s", (_, v1, v2) => {
    expect(difference(v1, v2)).toMatch(/V1/);
  });

  it("shows both sides, and leaves out equal parts", () => {
    const products = Array.from({ length: 1_000 }, (_, index) => ({ sku: `S${index}` }));
    const text = difference({ products, total: 10, mail: "x" }, { products, total: 11, mail: "x" });
    expect(text).toContain('-   "total": 10,');
    expect(text).toContain('+   "total": 11,');
    expect(text).not.toMatch(/sku|mail/);
  });

  it("cuts a long difference, and reports the number of further lines", () => {
    const list = (by: number) => Array.from({ length: 500 }, (_, index) => index * by);
    const lines = (difference({ list: list(1) }, { list: list(-1) }) as string).split("\n");
    expect(lines).toHaveLength(61);
    expect(lines.at(-1)).toMatch(/^\(\d{3,} more lines\)$/);
  });

  it("names the places of large outputs, in bounded time", () => {
    const large = (n: number) => ({
      list: Array.from({ length: 200_000 }, (_, index) => ({ index, value: index * n })),
    });
    expect(difference(large(1), large(2))).toMatch(/too large.*\n {2}list\.\*\.value$/);
    expect(difference({ text: "a".repeat(20_000_000) }, { text: "b" })?.length).toBeLessThan(40_000);
  });

  it("reports outputs that are nested too deeply", () => {
    const deep = (leaf: number) => Array.from({ length: 100_000 }).reduce<unknown>((inner) => [inner], leaf);
    expect(difference(deep(1), deep(2))).toContain("nested too deep");
    expect(areEqual(deep(1), deep(1))).toBe(false);
  });

  it("contains no control characters and no credentials", () => {
    const text = difference({ a: "\u001b[2J\u009b1m\u202e" }, { a: "https://user:hunter2@example.com/x" }) as string;
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
    expect(text).not.toContain("hunter2");
  });
});
