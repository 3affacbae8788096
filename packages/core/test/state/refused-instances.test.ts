import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";

const codec = new Codec();

function hidden<T extends object>(target: T, key: PropertyKey, value: unknown = 1): T {
  return Object.defineProperty(target, key, { value, configurable: true });
}

function resizable(): ArrayBuffer {
  return new (ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer)(8, { maxByteLength: 16 });
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function shrunkView(): DataView {
  const buffer = resizable();
  const view = new DataView(buffer, 4, 4);
  (buffer as ArrayBuffer & { resize(bytes: number): void }).resize(2);
  return view;
}

function detachedView(): DataView {
  const view = new DataView(new ArrayBuffer(8));
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

function cycle(): Error {
  const error = new Error("round");
  error.cause = error;
  return error;
}

class Problem extends Error {}
class Floats extends Float32Array {}
class Pattern extends RegExp {}
class Link extends URL {}

describe("instances that a checkpoint cannot keep exactly are refused, with their path:", () => {
  it.each<[string, object, string, (string | number)[]]>([
    ["an error of a subclass", new Problem("no"), "an instance of Problem", []],
    ["an error of the platform's own subclass", platformError(), "an instance of TypeError", []],
    ["an abort's error", new DOMException("no"), "an instance of DOMException", []],
    ["an object made from Error.prototype", Object.create(Error.prototype), "genuine", []],
    ["a proxy of an error", new Proxy(new Error("no"), {}), "a proxy of", []],
    ["an error with a function", Object.assign(new Error("no"), { retry: () => 1 }), "a function", ["retry"]],
    ["an error with a hidden key", hidden(new Error("no"), "request"), '"request" that is not enumerable', []],
    ["an error with a symbol key", Object.assign(new Error("no"), { [Symbol("s")]: 1 }), "symbol", []],
    ["an error that was caused by one of a subclass", new Error("no", { cause: new Problem() }), "Problem", ["cause"]],
    ["errors, one of which is of a subclass", new AggregateError([1, new Problem()]), "Problem", ["errors", 1]],
    ["an error with a stack of objects", hidden(new Error("no"), "stack", [new Problem()]), "Problem", ["stack", 0]],
    [
      "an error with an accessor that throws",
      Object.defineProperty(new Error("no"), "code", { get: () => fail(), enumerable: true }),
      "throws when it is read (no)",
      ["code"],
    ],
    ["a typed array of a subclass", new Floats(2), "an instance of Floats", []],
    ["a typed array with a key", Object.assign(new Float32Array(2), { a: 1 }), "keys of its own", []],
    ["a long typed array with a hidden key", hidden(new BigInt64Array(500), "a"), "keys of its own", []],
    ["a typed array in shared memory", new Int32Array(new SharedArrayBuffer(8)), "shared", []],
    ["a typed array in a Date's clothes", Object.setPrototypeOf(new Int8Array(2), Date.prototype), "genuine", []],
    ["a typed array of another kind", Object.setPrototypeOf(new Int8Array(2), Int16Array.prototype), "genuine", []],
    ["shared memory", new SharedArrayBuffer(8), "an instance of SharedArrayBuffer", []],
    ["memory that can grow", resizable(), "resizable", []],
    ["detached memory", detached(), "detached", []],
    ["memory with a key", Object.assign(new ArrayBuffer(8), { a: 1 }), "keys of its own", []],
    ["a view whose memory shrank", shrunkView(), "detached", []],
    ["a view of detached memory", detachedView(), "detached", []],
    ["a view with a key", Object.assign(new DataView(new ArrayBuffer(8)), { a: 1 }), "keys of its own", []],
    ["a URL of a subclass", new Link("http://a/"), "an instance of Link", []],
    ["an object made from URL.prototype", Object.create(URL.prototype), "genuine", []],
    ["a proxy of a URL", new Proxy(new URL("http://a/"), {}), "a proxy of", []],
    ["a URL with a key", Object.assign(new URL("http://a/"), { a: 1 }), "keys of its own", []],
    ["the parameters of a URL", new URLSearchParams("a=1"), "an instance of URLSearchParams", []],
    ["a pattern of a subclass", new Pattern("a"), "an instance of Pattern", []],
    ["a pattern with a key", Object.assign(/a/, { exec: 1 }), "keys of its own", []],
    ["a pattern whose lastIndex is no number", Object.assign(/a/g, { lastIndex: "1" }), "keys of its own", []],
    ["a pattern in an error's clothes", Object.setPrototypeOf(/a/, Error.prototype), "genuine", []],
  ])("%s", (_what, value, what, path) => {
    for (const [context, at] of [
      [{ x: [value] }, ["x", 0]],
      [new Map([["k", value]]), [0]],
    ] as const) {
      expect(() => codec.encode(context)).toThrow(
        expect.objectContaining({
          code: "STATE_NOT_SERIALIZABLE",
          details: { path: [...at, ...path] },
          message: expect.stringContaining(what),
        }),
      );
    }
  });

  const broken = new URL("web://h");
  broken.host = ":1^";
  it.skipIf(URL.canParse(broken.href))("a URL whose text cannot be parsed, as a setter has left it", () => {
    expect(() => codec.encode({ broken })).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE", details: { path: ["broken"] } }),
    );
  });

  it("a cycle of causes, and causes that are too deep", () => {
    let deep = new Error("0");
    for (let i = 0; i < 5_000; i++) deep = new Error("x", { cause: deep });
    const refused: [Error, string][] = [
      [cycle(), "contains itself at context.error.cause"],
      [deep, "nested deeper than 1000 levels"],
      [new AggregateError([cycle(), cycle()]), "contains itself at context.error.errors[0]"],
    ];
    for (const [error, problem] of refused) {
      expect(() => codec.encode({ error })).toThrow(
        expect.objectContaining({
          code: "STATE_NOT_SERIALIZABLE",
          details: { path: expect.arrayContaining(["error", "cause"]) },
          message: expect.stringContaining(problem),
        }),
      );
    }
    let kept = new Error("0");
    for (let i = 0; i < 900; i++) kept = new Error("x", { cause: kept });
    expect(() => codec.decode(codec.encode(kept))).not.toThrow();
  });
});

function platformError(): Error {
  try {
    Buffer.from(1 as never);
  } catch (error) {
    return error as Error;
  }
  return fail();
}

function fail(): never {
  throw new Error("no");
}
