import { describe, expect, it } from "vitest";
import { WorkflowError } from "../../src/errors.ts";
import { Codec } from "../../src/state/codec.ts";
import type { CodecType } from "../../src/state/codec-types.ts";
import { difference } from "../../src/state/delta.ts";

class Money {
  readonly cents: bigint;
  constructor(cents: bigint) {
    this.cents = cents;
  }
}

const money: CodecType<Money, bigint> = {
  name: "Money",
  test: (value) => value instanceof Money,
  encode: ({ cents }) => cents,
  decode: (cents) => new Money(cents),
};
const fail = () => {
  throw new TypeError("no");
};
const codecWith = (type: Partial<CodecType>) => new Codec({ types: [{ ...money, ...type } as CodecType] });
const value = { list: [new Money(5n)] };

describe("a type of one's own", () => {
  it("reads its instances back, and its text is refused without the type", () => {
    const codec = new Codec({ types: [money] });
    const { text, value: taken } = codec.take(value, []);
    expect(taken).toEqual(value);
    expect(codec.decode(text)).toEqual(value);
    expect(() => new Codec().decode(text)).toThrow(expect.objectContaining({ code: "STATE_TYPE_UNKNOWN" }));
  });

  it.each<[string, Partial<CodecType>, (string | number)[]]>([
    ["whose test throws", { test: fail }, ["list", 0]],
    ["whose test returns a promise", { test: (async () => true) as never }, ["list", 0]],
    ["whose encode throws", { encode: fail }, ["list", 0]],
    ["that encodes a promise", { encode: async () => 1n }, ["list", 0, "<Money>"]],
    ["that encodes a function", { encode: () => fail }, ["list", 0, "<Money>"]],
    ["that encodes a symbol", { encode: () => Symbol("s") }, ["list", 0, "<Money>"]],
    [
      "that encodes a hidden key",
      { encode: () => Object.defineProperty({}, "a", { value: 1 }) },
      ["list", 0, "<Money>"],
    ],
    ["that cannot decode what it encoded", { decode: fail }, ["list", 0]],
  ])("%s: the value is refused, and the message names the type", (_what, type, path) => {
    const codec = codecWith(type);
    const wanted = expect.objectContaining({
      code: "STATE_NOT_SERIALIZABLE",
      message: expect.stringMatching(/Money|read back/),
      details: { path: expect.arrayContaining(path.slice(0, type.decode === undefined ? path.length : 0)) },
    });
    expect(() => codec.take(value, [])).toThrow(wanted);
    expect(() => difference(codec, Object.freeze({}), value)).toThrow(wanted);
    expect(() => difference(codec, new Codec().decode('{"list":[1]}'), value)).toThrow(wanted);
  });

  it.each<[string, Partial<CodecType>]>([
    ["itself", { encode: (money) => money }],
    ["ever more of itself", { encode: (money) => [{ money }] }],
    [
      "functions, which it claims too",
      { test: (value) => typeof value !== "object" || value instanceof Money, encode: () => () => 1 },
    ],
  ])("that encodes %s is refused as too deep", (_what, type) => {
    expect(() => codecWith(type).encode(value)).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE", message: expect.stringContaining("levels") }),
    );
  });

  it("that fails to decode stored text: STATE_CORRUPT, whatever it throws", () => {
    const text = new Codec({ types: [money] }).encode(value);
    const throwing = (thrown: unknown) => () => {
      throw thrown;
    };
    for (const thrown of [new TypeError("no"), new WorkflowError("LEASE_LOST", "not ours"), null, "text"]) {
      const wanted = expect.objectContaining({ code: "STATE_CORRUPT", message: expect.stringContaining("Money") });
      expect(() => codecWith({ decode: throwing(thrown) }).decode(text)).toThrow(wanted);
    }
  });

  it("that decodes to a plain object: the object is copied, so that nothing is shared", () => {
    const kept = { cents: 5, parts: [1] };
    const codec = codecWith({ decode: () => kept });
    const { list } = codec.decode(codec.encode(value)) as { list: (typeof kept)[] };
    expect(list[0]).toEqual(kept);
    expect(list[0]).not.toBe(kept);
    expect(Object.isFrozen(list[0]) && Object.isFrozen(list[0]?.parts)).toBe(true);
    expect(Object.isFrozen(kept)).toBe(false);
  });
});
