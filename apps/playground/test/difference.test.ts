import { describe, expect, it } from "vitest";
import { difference } from "../src/compare/difference.ts";

describe("difference", () => {
  it("is undefined for equal outputs, whatever the order of their keys", () => {
    expect(difference({ a: 1, b: [{ c: undefined }] }, { b: [{ c: undefined }], a: 1 })).toBeUndefined();
  });

  it.each([
    ["a key that is missing", { a: undefined }, {}],
    ["a sign", { a: 0 }, { a: -0 }],
    ["a type", { a: 1 }, { a: "1" }],
    ["a class", { a: new Date(0) }, { a: new Date(0).toISOString() }],
    ["an order", { a: [1, 2] }, { a: [2, 1] }],
    ["a whole output", undefined, { a: 1 }],
  ])("sees %s", (_, v1, v2) => {
    expect(difference(v1, v2)).toMatch(/V1/);
  });

  it("shows both sides, and leaves out what is equal", () => {
    const products = Array.from({ length: 1_000 }, (_, index) => ({ sku: `S${index}` }));
    const text = difference({ products, total: 10, mail: "x" }, { products, total: 11, mail: "x" });
    expect(text).toContain('-   "total": 10,');
    expect(text).toContain('+   "total": 11,');
    expect(text).not.toMatch(/sku|mail/);
  });

  it("cuts a long one, and says by how much", () => {
    const list = (by: number) => Array.from({ length: 500 }, (_, index) => index * by);
    const lines = (difference({ list: list(1) }, { list: list(-1) }) as string).split("\n");
    expect(lines).toHaveLength(61);
    expect(lines.at(-1)).toMatch(/^\(\d{3,} more lines\)$/);
  });
});
