import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { assertExact } from "./exact.ts";
import { anyValue } from "./values.ts";

const codec = new Codec();
const SystemDate = Date;

describe("the codec", () => {
  it("brings every supported value back exactly, as storable text", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = codec.encode(value);
        expect(text.isWellFormed()).toBe(true);
        expect(text.includes("\0")).toBe(false);
        assertExact(codec.decode(text), value);
      }),
      { numRuns: 1_000 },
    );
  });

  it("gives plain objects and arrays deeply frozen", () => {
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
    ["an instance of Error", { map: new Map([["k", new Error("x")]]) }, ["map", 0]],
    ["an instance of RegExp", { r: /x/ }, ["r"]],
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

  it("refuses a cycle and what is nested too deeply", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(() => codec.encode(cycle)).toThrow(expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" }));
    expect(() => codec.encode(deep)).toThrow(expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" }));
  });

  it("keeps classes it was taught, and refuses text of classes it was not", () => {
    const types = [
      {
        name: "URL",
        test: (v: unknown) => v instanceof URL,
        encode: (v: URL) => v.href,
        decode: (v: string) => new URL(v),
      },
    ];
    const taught = new Codec({ types });
    const text = taught.encode({ link: new URL("https://a.example/") });
    expect((taught.decode(text) as { link: URL }).link).toEqual(new URL("https://a.example/"));
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
  ])("refuses text that is not its own: %s", (text) => {
    expect(() => codec.decode(text)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
    expect(() => codec.decode(`{"a":[${text}]}`)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
  });

  it("does not follow the globals when a test replaces them", () => {
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
