import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { applyOperation } from "../../src/state/apply-operation.ts";
import { fromBase64, toBase64 } from "../../src/state/binary.ts";
import { type Class, classNamed } from "../../src/state/built-in-classes.ts";
import { Codec } from "../../src/state/codec.ts";
import { difference } from "../../src/state/delta.ts";
import { assertExact } from "./exact.ts";
import { ERROR_CLASSES, TYPED_ARRAY_CLASSES } from "./instances.ts";

const codec = new Codec();
const decoded = <T>(value: T): T => codec.decode(codec.encode(value)) as T;

/** An error whose stack is a known text. */
function failure(error: Error, fields: object = {}): Error {
  Object.defineProperty(error, "stack", { value: "at x" });
  return Object.assign(error, fields);
}

describe("an instance of a built-in class", () => {
  it.each<[string, unknown, string]>([
    ["typed arrays as base64", new Uint16Array([1, 256]), '{"$type":"Uint16Array","value":"AQAAAQ=="}'],
    ["a DataView as base64", new DataView(new ArrayBuffer(1)), '{"$type":"DataView","value":"AA=="}'],
    ["an ArrayBuffer as base64", new ArrayBuffer(0), '{"$type":"ArrayBuffer","value":""}'],
    ["a URL as its text", new URL("http://a.example/b?c#d"), '{"$type":"URL","value":"http://a.example/b?c#d"}'],
    [
      "a regular expression by its parts",
      /a\/b/gi,
      String.raw`{"$type":"RegExp","value":{"source":"a\\/b","flags":"gi"}}`,
    ],
    [
      "where it goes on",
      Object.assign(/a/g, { lastIndex: 2 }),
      '{"$type":"RegExp","value":{"source":"a","flags":"g","lastIndex":2}}',
    ],
    [
      "an error by its properties",
      failure(new TypeError("no", { cause: new Date(0) }), { code: "E_NO" }),
      '{"$type":"TypeError","value":{"stack":"at x","message":"no","cause":{"$type":"Date","value":"1970-01-01T00:00:00.000Z"},"fields":{"code":"E_NO"}}}',
    ],
  ])("is written as text that a person can read: %s", (_what, value, text) => {
    expect(codec.encode(value)).toBe(text);
    assertExact(codec.decode(text), value);
  });

  it.each(TYPED_ARRAY_CLASSES.map((each) => [each.name, each] as const))(
    "comes back bit by bit, as large as it is seen: %s",
    (_name, typedArrayClass) => {
      const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 37);
      const view = new typedArrayClass(bytes.buffer, 8, 2);
      const copy = decoded(view);
      assertExact(copy, view);
      expect(copy.buffer.byteLength).toBe(view.byteLength);
    },
  );

  it("keeps the odd numbers of typed arrays", () => {
    const odd = [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1];
    for (const value of [new Float32Array(odd), new Float64Array(odd)]) assertExact([...decoded(value)], [...value]);
    expect([...decoded(new BigInt64Array([-(2n ** 63n), 5n]))]).toEqual([-(2n ** 63n), 5n]);
  });

  it.each([
    ["Uint8Array", "AQIDBAUGBwg="],
    ["Int16Array", "AgEEAwYFCAc="],
    ["Float32Array", "BAMCAQgHBgU="],
    ["BigUint64Array", "CAcGBQQDAgE="],
  ])("is stored in one order of bytes, whatever the order of the machine: %s", (name, text) => {
    const typedArrayClass = classNamed(name) as Class<Uint8Array<ArrayBuffer>>;
    const value = new typedArrayClass(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer);
    expect(toBase64(value, true)).toBe(text);
    assertExact(fromBase64(typedArrayClass, text, true), value);
    expect(toBase64(value, false)).toBe("AQIDBAUGBwg=");
  });

  it.each(ERROR_CLASSES.map((each) => [each.name, each] as const))(
    "is an error of the same class, with the same properties: %s",
    (_name, errorClass) => {
      const make = (...args: unknown[]) =>
        new errorClass(...(errorClass.name === "AggregateError" ? [[1]] : []), ...args);
      const bare = make();
      Reflect.deleteProperty(bare, "stack");
      const renamed = make("x");
      renamed.name = "Renamed";
      const values = [make("text", { cause: undefined }), bare, renamed, Object.assign(make(), { message: "shown" })];
      for (const value of values) {
        const copy = decoded(value);
        assertExact(copy, value);
        expect(copy).toBeInstanceOf(errorClass);
        expect([String(copy), copy.stack]).toEqual([String(value), value.stack]);
      }
    },
  );

  it.each([0, -0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "keeps a regular expression's lastIndex %s",
    (lastIndex) => {
      const value = Object.assign(/a/g, { lastIndex });
      assertExact(decoded(value), value);
    },
  );

  it("keeps what the platform's own errors have", async () => {
    const { readFile } = await import("node:fs/promises");
    const missing = await readFile("/no/such/file").catch((error: Error) => error);
    assertExact(decoded(missing), missing);
    expect(decoded(missing)).toMatchObject({ code: "ENOENT", syscall: "open" });
  });

  it("is of this realm, wherever it was made", () => {
    const value = vm.runInNewContext(`({
      floats: new Float64Array([1, -0]), many: new Int8Array(50), view: new DataView(new ArrayBuffer(2)),
      memory: new ArrayBuffer(2), pattern: /a/g, error: Object.assign(new RangeError("no"), { code: 1 }),
    })`);
    const { error, ...others } = decoded(value) as { error: RangeError & { code: number } };
    assertExact(others, {
      floats: new Float64Array([1, -0]),
      many: new Int8Array(50),
      view: new DataView(new ArrayBuffer(2)),
      memory: new ArrayBuffer(2),
      pattern: /a/g,
    });
    expect(Object.getPrototypeOf(error)).toBe(RangeError.prototype);
    expect([error.message, error.code, error.stack]).toEqual(["no", 1, value.error.stack]);
  });

  it("that is equal to the one before is no change", () => {
    const make = () => ({
      pattern: /a/g,
      link: new URL("http://a/"),
      floats: new Float32Array([1.5, Number.NaN]),
      memory: new ArrayBuffer(3),
      error: failure(new Error("no", { cause: failure(new RangeError("too far")) }), { code: 1 }),
    });
    const previous = decoded(make());
    const same = difference(codec, previous, make());
    expect(same.operations).toEqual([]);
    expect(same.value).toBe(previous);
  });

  it("that differs in anything is written", () => {
    const error = failure(new Error("no"), { code: 1 });
    const previous = decoded({ pattern: /a/g, floats: new Float32Array([0]), error });
    for (const change of [
      { pattern: /a/gi },
      { pattern: Object.assign(/a/g, { lastIndex: 1 }) },
      { floats: new Float32Array([-0]) },
      { floats: new Float64Array([0]) },
      { error: failure(new Error("no"), { code: 2 }) },
      { error: failure(new TypeError("no"), { code: 1 }) },
    ]) {
      const next = { ...previous, ...change };
      const { operations, value } = difference(codec, previous, next);
      expect(operations).toHaveLength(1);
      assertExact(value, next);
      assertExact(
        operations.reduce<unknown>((at, text) => applyOperation(codec, at, JSON.parse(text)), previous),
        next,
      );
    }
  });
});

describe("stored text that names a built-in class", () => {
  it.each([
    '"Int16Array"',
    '"Int16Array","value":"AQ=="',
    '"Int16Array","value":"AQI"',
    '"Int16Array","value":"????"',
    '"Int16Array","value":[1]',
    '"Float64Array","value":"AQIDBA=="',
    '"BigInt64Array","value":{"length":1000000000}',
    '"Uint8ClampedArray","value":1000000000',
    '"DataView","value":{"$type":"Buffer","value":"AQI="}',
    '"ArrayBuffer","value":8',
    '"URL"',
    '"URL","value":"/no/host"',
    '"URL","value":{"$type":"URL","value":"http://a/"}',
    '"RegExp","value":"a"',
    '"RegExp","value":{"source":"a"}',
    '"RegExp","value":{"source":"(","flags":""}',
    '"RegExp","value":{"source":"a","flags":"q"}',
    '"RegExp","value":{"source":"a","flags":"gg"}',
    '"RegExp","value":{"source":"a","flags":"","lastIndex":"1"}',
    '"RegExp","value":{"source":"a","flags":"","exec":1}',
    '"RegExp","value":{"source":{"$type":"undefined"},"flags":""}',
    '"Error"',
    '"Error","value":"no"',
    '"Error","value":["no"]',
    '"Error","value":{"toString":"no"}',
    '"Error","value":{"__proto__":{}}',
    '"Error","value":{"$type":"Object","value":{"$type":1}}',
    '"Error","value":{"$type":"Map","value":[]}',
    '"Error","value":{"fields":1}',
    '"Error","value":{"fields":{"$type":"undefined"}}',
    '"Error","value":{"fields":{"$type":"Set","value":[]}}',
    '"Error","value":{"message":"a","fields":{"message":"b"}}',
    '"AggregateError","value":{"cause":{"$type":"Error"}}',
  ])("is refused if it is not what the codec writes: %s", (tag) => {
    const text = `{"$type":${tag}}`;
    for (const each of [text, `{"a":[${text}]}`]) {
      expect(() => codec.decode(each)).toThrow(expect.objectContaining({ code: "STATE_CORRUPT" }));
    }
  });

  it.each(["DOMException", "Function", "Promise", "WeakMap", "SharedArrayBuffer", "constructor", "__proto__"])(
    "is unknown if the codec does not keep that class: %s",
    (name) => {
      expect(() => codec.decode(`{"$type":"${name}","value":"AA=="}`)).toThrow(
        expect.objectContaining({ code: "STATE_TYPE_UNKNOWN" }),
      );
    },
  );

  it("never comes from users' data", () => {
    const data = { $type: "RegExp", value: { source: "a", flags: "" }, deep: [{ $type: "Error" }] };
    assertExact(decoded(data), data);
    const error = Object.assign(new Error("no"), { $type: "URL", value: "http://a/" });
    assertExact(decoded(error), error);
  });
});
