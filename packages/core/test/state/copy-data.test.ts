import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { copyData } from "../../src/state/copy-data.ts";

class Money {
  readonly cents: number;
  constructor(cents: number) {
    this.cents = cents;
  }
}
class Clock {
  ticks = 0;
}

const money = {
  name: "Money",
  test: (value: unknown) => value instanceof Money,
  encode: ({ cents }: Money) => cents,
  decode: (cents: number) => new Money(cents),
};
const codec = new Codec({ types: [money] });

describe("a copy of data", () => {
  it("copies instances that the codec keeps, and shares instances of other classes with the original", () => {
    const clock = new Clock();
    const proxy = new Proxy(new Map(), {});
    const data = { price: new Money(5), clock, proxy, call: () => 1, subclass: new (class Dates extends Date {})(5) };
    const copy = copyData(codec, data);
    expect(copy.price).toEqual(data.price);
    expect(copy.price).not.toBe(data.price);
    for (const key of ["clock", "proxy", "call", "subclass"] as const) expect(copy[key]).toBe(data[key]);
  });

  it("shares an instance with the original if its type fails to encode it", () => {
    const failing = new Codec({ types: [{ ...money, encode: () => fail() }] });
    const data = { price: new Money(5) };
    expect(copyData(failing, data).price).toBe(data.price);
  });

  it("repeats an object where it was repeated, and contains itself where the original does", () => {
    const shared = new Map();
    const loop = { list: [shared, shared], map: new Map<unknown, unknown>(), set: new Set<unknown>() };
    const error = Object.assign(new Error("no", { cause: loop }), { shared, call: () => 1 });
    Object.assign(loop, { error });
    loop.map.set("loop", loop);
    loop.set.add(loop);
    const copy = copyData(codec, loop);
    expect(copy).not.toBe(loop);
    expect(copy.list[0]).toBe(copy.list[1]);
    expect(copy.list[0]).not.toBe(shared);
    expect(copy.map.get("loop")).toBe(copy);
    expect([...copy.set]).toEqual([copy]);
    const copied = (copy as typeof copy & { error: typeof error }).error;
    expect(copied).not.toBe(error);
    expect([copied.message, copied.stack, copied.call]).toEqual([error.message, error.stack, error.call]);
    expect(copied.cause).toBe(copy);
    expect(copied.shared).toBe(copy.list[0]);
  });

  it("keeps holes, hidden keys and accessors, and can be changed if the original is frozen", () => {
    const holes = new Array(3);
    holes[1] = 1;
    const hidden = Object.defineProperty({ seen: 1 }, "hidden", { value: [1] });
    const data = Object.freeze({
      holes: Object.freeze(holes),
      hidden,
      get lazy() {
        return [1];
      },
    });
    const copy = copyData(codec, data as object) as { holes: number[]; hidden: { hidden: number[] }; lazy: number[] };
    expect(0 in copy.holes).toBe(false);
    expect(copy.holes).toHaveLength(3);
    expect(Object.keys(copy.hidden)).toEqual(["seen"]);
    expect(copy.hidden.hidden).toEqual([1]);
    expect(copy.hidden.hidden).not.toBe(Object.getOwnPropertyDescriptor(hidden, "hidden")?.value);
    expect(copy.lazy).not.toBe(copy.lazy);
    copy.holes.push(7);
    expect(copy.holes).toHaveLength(4);
  });
});

function fail(): never {
  throw new Error("no");
}
