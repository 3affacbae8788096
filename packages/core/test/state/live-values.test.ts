import vm from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { applyOperation } from "../../src/state/apply-operation.ts";
import { Codec } from "../../src/state/codec.ts";
import { difference, patchDifference } from "../../src/state/delta.ts";
import { assertExact } from "./exact.ts";
import { type HostileValue, hostileValue } from "./hostile-values.ts";
import { anyContext } from "./values.ts";

const codec = new Codec();
const decoded = <T>(value: T): T => codec.decode(codec.encode(value)) as T;
const apply = (state: unknown, operations: readonly string[]): unknown =>
  operations.reduce((at, text) => applyOperation(codec, at, JSON.parse(text)), state);

const refusal = expect.objectContaining({
  code: "STATE_NOT_SERIALIZABLE",
  details: { path: expect.any(Array) },
});

function expectReadOnce({ reads }: HostileValue): void {
  expect(reads.filter(({ count }) => count !== 1)).toEqual([]);
}

describe("a live value", () => {
  it("is read once and kept as it was read, or is refused", () => {
    fc.assert(
      fc.property(hostileValue, (make) => {
        const hostile = make();
        if (hostile.lossy) {
          expect(() => codec.take(hostile.live, [])).toThrow(refusal);
          return;
        }
        const { text, value } = codec.take(hostile.live, []);
        assertExact(value, hostile.expected);
        assertExact(codec.decode(text), hostile.expected);
        expectReadOnce(hostile);
        expect(codec.encode(make().live)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });

  it("is read once when it is compared with an earlier state, too", () => {
    fc.assert(
      fc.property(hostileValue, hostileValue, anyContext, fc.boolean(), (before, after, added, list) => {
        const { expected, lossy } = before();
        const hostile = after();
        const previous = decoded(lossy ? { x: 1 } : { x: list ? [expected, 1] : expected, y: expected });
        const next = { ...added, x: list ? [hostile.live] : hostile.live };
        if (hostile.lossy) {
          expect(() => difference(codec, previous, next)).toThrow(refusal);
          expect(() => patchDifference(codec, previous, { x: after().live })).toThrow(refusal);
          return;
        }
        const { value, operations } = difference(codec, previous, next);
        const wanted = { ...added, x: list ? [hostile.expected] : hostile.expected };
        assertExact(value, wanted);
        assertExact(apply(previous, operations), wanted);
        expectReadOnce(hostile);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("values of other realms", () => {
  it("are kept as values of this realm", () => {
    const value = vm.runInNewContext(
      "({ o: { a: 1 }, l: [1], m: new Map([[1, 2]]), s: new Set([1]), d: new Date(5), b: new Uint8Array([1, 2]) })",
    );
    assertExact(decoded(value), {
      o: { a: 1 },
      l: [1],
      m: new Map([[1, 2]]),
      s: new Set([1]),
      d: new Date(5),
      b: new Uint8Array([1, 2]),
    });
  });

  it("are refused if they only look like built-ins", () => {
    const values = vm.runInNewContext(`
      class Map2 extends Map {}
      function Fake() {}
      Fake.prototype.constructor = Map;
      [new Map2(), Object.setPrototypeOf(new Map([[1, 2]]), Fake.prototype), Object.setPrototypeOf(new Map(), { constructor: Map })]`);
    for (const value of values) expect(() => codec.encode({ value })).toThrow(refusal);
  });
});

describe("a library's toJSON on a built-in prototype", () => {
  const prototypes = [
    ...[Object, Array, Date, Map, Set, BigInt, Uint8Array, Buffer, String, Number],
    ...[Float32Array, ArrayBuffer, DataView, URL, RegExp, Error, TypeError],
  ].map(({ prototype }) => prototype as object);
  const own = new Map(prototypes.map((each) => [each, Object.getOwnPropertyDescriptor(each, "toJSON")]));
  afterEach(() => {
    for (const [prototype, descriptor] of own) {
      Reflect.deleteProperty(prototype, "toJSON");
      if (descriptor !== undefined) Object.defineProperty(prototype, "toJSON", descriptor);
    }
  });

  it("changes nothing of what is written", () => {
    const value = {
      o: { a: 1, list: [1, { b: "é\u2028" }], none: undefined },
      d: new Date(5),
      m: new Map([[1, [2]]]),
      s: new Set([1]),
      big: 2n,
      bytes: new Uint8Array([1]),
      buffer: Buffer.from([1]),
      floats: new Float32Array([1]),
      memory: new ArrayBuffer(1),
      link: new URL("http://a/"),
      pattern: /a/,
      error: new TypeError("no", { cause: new Error("first") }),
      text: "text",
    };
    const previous = decoded({ o: { a: 0, list: [], kept: [1, 2, 3] }, gone: 1 });
    const wanted = codec.encode(value);
    const operations = difference(codec, previous, value).operations;
    for (const prototype of prototypes) {
      Object.defineProperty(prototype, "toJSON", { value: () => "gone", configurable: true, writable: true });
    }
    expect(codec.encode(value)).toBe(wanted);
    expect(difference(codec, previous, value).operations).toEqual(operations);
    assertExact(codec.decode(wanted), value);
  });
});
