import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { difference, patchDifference } from "../../src/state/delta.ts";
import * as exact from "./exact.ts";

const codec = new Codec();
const decoded = <T>(value: T): T => codec.decode(codec.encode(value)) as T;

const refusal = expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" });

function refused(value: unknown, path: (string | number)[], what: string): void {
  expect(() => codec.encode(value)).toThrow(
    expect.objectContaining({
      code: "STATE_NOT_SERIALIZABLE",
      details: { path },
      message: expect.stringContaining(what),
    }),
  );
  // The same at each way in: as a new key, as a change of one, as an item.
  const wrapped = { "": value };
  const at = ["", ...path];
  for (const previous of [{}, { "": {} }, { "": [1] }, { "": new Map() }]) {
    expect(() => difference(codec, decoded(previous), wrapped)).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE", details: { path: at } }),
    );
    expect(() => patchDifference(codec, decoded(previous), wrapped)).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE", details: { path: at } }),
    );
  }
}

function argumentsOf(..._args: unknown[]): unknown {
  // biome-ignore lint/complexity/noArguments: they are what is refused
  return { a: arguments };
}

describe("what is refused, with its path", () => {
  const hidden = (target: object, key: PropertyKey, value: unknown = () => 0) =>
    Object.defineProperty(target, key, { value, configurable: true });
  class Dates extends Date {}
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shrunk = new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(8, {
    maxByteLength: 8,
  });
  const view = new Uint8Array(shrunk, 4, 4);
  (shrunk as ArrayBuffer & { resize(bytes: number): void }).resize(2);
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const long = Array.from({ length: 5_000 }, (_, i) => i);

  it.each<[string, unknown, (string | number)[], string]>([
    ["a hidden toJSON", { o: hidden({ total: 5 }, "toJSON") }, ["o"], "not enumerable"],
    ["a hidden key beside others", { o: hidden({ a: 1 }, "b", 2) }, ["o"], "not enumerable"],
    ["a hidden key alone", hidden({}, "b", 2), [], "not enumerable"],
    ["a hidden symbol key", { o: hidden({}, Symbol("s")) }, ["o"], "symbol"],
    ["an inherited toJSON", { o: Object.create({ toJSON: () => 1 }) }, ["o"], "an instance"],
    ["a tag of its own", { o: { [Symbol.toStringTag]: "Date" } }, ["o"], "symbol"],
    [
      "an instance with a Date's tag",
      [
        new (class A {
          get [Symbol.toStringTag]() {
            return "Date";
          }
        })(),
      ],
      [0],
      "of A",
    ],
    ["an object made from Date.prototype", [Object.create(Date.prototype)], [0], "genuine"],
    ["an object made from Buffer.prototype", [Object.create(Buffer.prototype)], [0], "genuine"],
    ["a proxy of a Map", [new Proxy(new Map(), {})], [0], "a proxy of"],
    ["a proxy of a Date", [new Proxy(new Date(), {})], [0], "a proxy of"],
    ["a Date of a subclass", [new Dates()], [0], "of Dates"],
    ["a Date with a hidden toJSON", { d: hidden(new Date(), "toJSON") }, ["d"], "keys of its own"],
    ["a Map with a key of its own", { m: Object.assign(new Map(), { a: 1 }) }, ["m"], "keys of its own"],
    ["a Set with a symbol key", { s: Object.assign(new Set(), { [Symbol("s")]: 1 }) }, ["s"], "keys of its own"],
    ["bytes with a key of their own", { b: Object.assign(new Uint8Array(2), { a: 1 }) }, ["b"], "keys of its own"],
    ["many bytes with a hidden key", { b: hidden(new Uint8Array(5_000), "a") }, ["b"], "keys of its own"],
    ["a Buffer with a key of its own", { b: Object.assign(Buffer.alloc(99), { a: 1 }) }, ["b"], "keys of its own"],
    ["detached bytes", { b: detached }, ["b"], "detached"],
    ["bytes whose memory was taken away", { b: view }, ["b"], "detached"],
    ["bytes in shared memory", { b: new Uint8Array(new SharedArrayBuffer(4)) }, ["b"], "shared"],
    [
      "a Map in a plain object's clothes",
      { m: Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype) },
      ["m"],
      "looks like",
    ],
    ["a boxed number in them", { m: Object.setPrototypeOf(Object(1), null) }, ["m"], "looks like"],
    ["an error in them", { m: hidden(Object.setPrototypeOf(new Error(), null), "stack") }, ["m"], "not enumerable"],
    ["an array with a key", { l: Object.assign([1], { a: 1 }) }, ["l"], "keys of its own"],
    ["an array with a hidden toJSON", { l: hidden([1], "toJSON") }, ["l"], "keys of its own"],
    ["a long array with a key", { l: Object.assign([...long], { a: 1 }) }, ["l"], "keys of its own"],
    ["a long array with a hidden toJSON", { l: hidden([...long], "toJSON") }, ["l"], "keys of its own"],
    [
      "an array with an iterator of its own",
      { l: Object.assign([1], { *[Symbol.iterator]() {} }) },
      ["l"],
      "keys of its own",
    ],
    ["a hole at the end", { l: Object.assign([1], { length: 2 }) }, ["l", 1], "hole"],
    ["an array that is all holes", { l: new Array(4_000_000_000) }, ["l", 0], "hole"],
    ["a hole in a long array", { l: Object.assign([...long], { length: 5_001 }) }, ["l", 5_000], "hole"],
    ["an array of a subclass", { l: new (class List extends Array {})(3) }, ["l"], "of List"],
    ["an array without a prototype", { l: Object.setPrototypeOf([1], null) }, ["l"], "unknown class"],
    ["arguments", argumentsOf(1), ["a"], "symbol"],
    [
      "an accessor that throws",
      {
        o: {
          a: 1,
          get b() {
            throw new Error("no");
          },
        },
      },
      ["o", "b"],
      "throws when it is read (no)",
    ],
    [
      "an accessor that throws a code",
      {
        get b() {
          throw Object.assign(new Error("x"), { code: "LEASE_LOST" });
        },
      },
      ["b"],
      "throws",
    ],
    ["a revoked proxy", { o: revoked }, ["o"], "throws when it is read"],
    [
      "a proxy whose keys throw",
      {
        o: new Proxy(
          {},
          {
            ownKeys() {
              throw new Error("no");
            },
          },
        ),
      },
      ["o"],
      "throws",
    ],
    [
      "a proxy whose prototype throws",
      [
        new Proxy(
          {},
          {
            getPrototypeOf() {
              throw new Error("no");
            },
          },
        ),
      ],
      [0],
      "throws",
    ],
    [
      "a proxy of an array that throws",
      {
        l: new Proxy([1], {
          get() {
            throw new Error("no");
          },
        }),
      },
      ["l"],
      "throws",
    ],
    [
      "a proxy that hides a key",
      {
        o: new Proxy(
          { a: 1, b: 2 },
          {
            getOwnPropertyDescriptor: (on, key) =>
              key === "a" ? undefined : Reflect.getOwnPropertyDescriptor(on, key),
          },
        ),
      },
      ["o"],
      "not enumerable",
    ],
    ["a module", { m: exact }, ["m"], "symbol"],
  ])("%s", (_what, value, path, what) => {
    refused(value, path, what);
  });

  it("an array with a key that changed after a long beginning that did not", () => {
    const previous = decoded({ l: long });
    for (const next of [[...long, 1], long.slice(1), [...long.slice(1), 7]]) {
      hidden(next, "extra");
      expect(() => difference(codec, previous, { l: next })).toThrow(refusal);
    }
  });

  it("a hole where undefined was", () => {
    const previous = decoded({ l: [undefined, 1] });
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is refused
    const holes = [, 1];
    expect(() => difference(codec, previous, { l: holes })).toThrow(refusal);
    expect(() => difference(codec, previous, { l: [...previous.l, ...holes] })).not.toThrow(); // spread fills it
  });
});
