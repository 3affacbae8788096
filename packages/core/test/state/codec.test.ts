import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { assertExact } from "./exact.ts";
import { anyValue } from "./values.ts";

const codec = new Codec();
const SystemDate = Date;

describe("Codec", () => {
  it("writes every supported value as storable text, and reads it back exactly", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = codec.encode(value);
        expect(text.isWellFormed()).toBe(true);
        expect(text.includes("\0")).toBe(false);
        assertExact(codec.decode(text), value);
        expect(codec.encode(codec.decode(text))).toBe(text);
        assertExact(codec.take(value, []).value, value);
      }),
      { numRuns: 2_000 },
    );
  });

  it("returns plain objects and arrays deeply frozen", () => {
    const decoded = codec.decode(codec.encode({ a: [{ b: 1 }] })) as { a: { b: number }[] };
    expect(Object.isFrozen(decoded) && Object.isFrozen(decoded.a) && Object.isFrozen(decoded.a[0])).toBe(true);
  });

  it("writes JSON as JSON", () => {
    const json = { text: "é", list: [1, null, true], nested: { "a.b": {} } };
    expect(codec.encode(json)).toBe(JSON.stringify(json));
  });

  const cycle: Record<string, unknown> = { name: "a" };
  cycle.self = { cycle };
  class Money {
    amount = 1;
  }
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
  const hole = [1, , 3];
  it.each([
    ["a function", { a: { b: () => 1 } }, ["a", "b"]],
    ["a symbol", { s: Symbol("x") }, ["s"]],
    ["an instance of Money", { list: [new Money()] }, ["list", 0]],
    ["a hole in an array", { hole }, ["hole", 1]],
    ["an array with keys of its own", { match: Object.assign([1], { index: 0 }) }, ["match"]],
    ["an object with symbol keys", { o: { [Symbol("k")]: 1 } }, ["o"]],
    ["an instance of Problem", { map: new Map([["k", new (class Problem extends Error {})()]]) }, ["map", 0]],
    ["an instance of Number", { n: Object(1) }, ["n"]],
    ["an instance of Dates", { d: new (class Dates extends Date {})() }, ["d"]],
    ["an instance of List", { l: new (class List extends Array {})() }, ["l"]],
  ])("refuses %s, with its path", (what, value, path) => {
    expect(() => codec.encode(value)).toThrow(
      expect.objectContaining({
        code: "STATE_NOT_SERIALIZABLE",
        message: expect.stringContaining(what),
        details: { path },
      }),
    );
  });

  it("refuses a cycle and a value that is nested too deeply", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => codec.encode(cycle)).toThrow(expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" }));
    expect(() => codec.encode(deep)).toThrow(expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" }));
  });

  it("keeps the classes in codec.types, and refuses text of other classes", () => {
    const types = [
      {
        name: "Money",
        test: (v: unknown) => v instanceof Money,
        encode: ({ amount }: Money) => amount,
        decode: (amount: number) => Object.assign(new Money(), { amount }),
      },
    ];
    const taught = new Codec({ types });
    const text = taught.encode({ price: Object.assign(new Money(), { amount: 5 }) });
    expect((taught.decode(text) as { price: Money }).price).toEqual(Object.assign(new Money(), { amount: 5 }));
    expect(() => codec.decode(text)).toThrow(expect.objectContaining({ code: "STATE_TYPE_UNKNOWN" }));
    expect(() => new Codec({ types: [{ ...types[0], name: "Map" } as never] })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it.each([
    "{",
    ...[
      '"bigint","value":"x"',
      '"bigint","value":1e9',
      '"bigint"',
      '"number","value":"1"',
      '"number"',
      '"Date","value":"soon"',
      '"Date"',
      '"Map","value":[1]',
      '"Map","value":[[1]]',
      '"Map","value":{}',
      '"Set","value":"abc"',
      '"Set"',
      '"Uint8Array","value":[1]',
      '"Buffer","value":{"length":1000000000}',
      '"Object","value":1',
      '"Object"',
    ].map((tag) => `{"$type":${tag}}`),
  ])("refuses text that it cannot have written: %s", (text) => {
    expect(() => codec.decode(text)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
    expect(() => codec.decode(`{"a":[${text}]}`)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
  });

  it("keeps dates exactly while a test replaces the global Date", () => {
    vi.useFakeTimers({ now: 0 });
    try {
      const date = codec.decode(codec.encode(new SystemDate(5)));
      expect(Object.getPrototypeOf(date)).toBe(SystemDate.prototype);
      assertExact(codec.decode(codec.encode(date)), date);
    } finally {
      vi.useRealTimers();
    }
  });
});
