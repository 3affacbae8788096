import fc from "fast-check";

/** A value as somebody might hand it in, with what may be kept of it. */
export interface HostileValue {
  live: unknown;
  /** What a reader that reads each property once finds. */
  expected: unknown;
  /** It holds something that no checkpoint keeps, so it must be refused. */
  lossy: boolean;
  /** How often each accessor and trap of a property was called. */
  reads: { count: number }[];
}

type Part = Omit<HostileValue, "reads">;
type Recipe = (reads: HostileValue["reads"]) => Part;

const key = fc.constantFrom("a", "b", "toJSON", "constructor", "length", "then", "__proto__", "$type", "0");
const plain =
  (value: unknown): Recipe =>
  () => ({ live: value, expected: value, lossy: false });
const leaf: fc.Arbitrary<Recipe> = fc
  .constantFrom<unknown>(null, undefined, true, 1, -0, "text", "\ud800", 2n)
  .map(plain);

/** What can be wrong with a container, or odd. */
const DISGUISES = {
  none: (part: Part) => part,
  changingAccessor: withAccessor,
  proxy: (part: Part, reads: HostileValue["reads"]) => ({ ...part, live: proxyOf(part.live as object, reads) }),
  hiddenToJson: lossy((live) => Object.defineProperty(live, "toJSON", { value: () => 0, configurable: true })),
  hiddenKey: lossy((live) => Object.defineProperty(live, "hidden", { value: 1 })),
  symbolKey: lossy((live) => Object.assign(live, { [Symbol("s")]: 1 })),
  ownTag: lossy((live) => Object.assign(live, { [Symbol.toStringTag]: "Map" })),
  inherited: lossy((live) => Object.setPrototypeOf(live, { toJSON: () => 0 })),
  ofAClass: lossy((live) => Object.setPrototypeOf(live, class Order {}.prototype)),
  asADate: lossy((live) => Object.setPrototypeOf(live, Date.prototype)),
  asAMap: lossy((live) => Object.setPrototypeOf(live, Map.prototype)),
  throwing: lossy((live) =>
    Object.defineProperty(live, "bad", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    }),
  ),
} satisfies Record<string, (part: Part, reads: HostileValue["reads"]) => Part>;
const disguise = fc.constantFrom(...(Object.keys(DISGUISES) as (keyof typeof DISGUISES)[]));

const { container } = fc.letrec<{ container: Recipe; value: Recipe }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie("container")),
  container: fc.oneof(
    fc
      .tuple(fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }), fc.oneof(fc.constant("none" as const), disguise))
      .map(([entries, how]) => disguised(how, (reads) => objectOf(entries, reads))),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 4 }), fc.oneof(fc.constant("none" as const), disguise))
      .map(([items, how]) => disguised(how, (reads) => listOf(items, reads))),
    fc
      .tuple(fc.array(tie("value"), { maxLength: 3 }), fc.constantFrom("none" as const, "hiddenToJson" as const))
      .map(([items, how]) =>
        disguised(how, (reads) => {
          const { live, expected, lossy } = listOf(items, reads);
          return { live: new Set(live as unknown[]), expected: new Set(expected as unknown[]), lossy };
        }),
      ),
  ),
}));

/** Objects, lists and sets, whose parts may be proxies, accessors that change, or hide something. */
export const hostileValue: fc.Arbitrary<() => HostileValue> = container.map((recipe) => () => {
  const reads: HostileValue["reads"] = [];
  return { ...recipe(reads), reads };
});

function disguised(how: keyof typeof DISGUISES, recipe: Recipe): Recipe {
  return (reads) => DISGUISES[how](recipe(reads), reads);
}

function objectOf(entries: readonly (readonly [string, Recipe])[], reads: HostileValue["reads"]): Part {
  const parts = [...new Map(entries)].map(([name, recipe]) => [name, recipe(reads)] as const);
  return {
    live: Object.fromEntries(parts.map(([name, { live }]) => [name, live])),
    expected: Object.fromEntries(parts.map(([name, { expected }]) => [name, expected])),
    lossy: parts.some(([, part]) => part.lossy),
  };
}

function listOf(items: readonly Recipe[], reads: HostileValue["reads"]): Part {
  const parts = items.map((recipe) => recipe(reads));
  return {
    live: parts.map(({ live }) => live),
    expected: parts.map(({ expected }) => expected),
    lossy: parts.some((part) => part.lossy),
  };
}

function lossy(change: (live: object) => unknown): (part: Part) => Part {
  return (part) => {
    change(part.live as object);
    return { ...part, lossy: true };
  };
}

/** Turns an object's first property into an accessor that gives another value each time it is called. */
function withAccessor(part: Part, reads: HostileValue["reads"]): Part {
  const live = part.live as Record<string, unknown>;
  const name = Object.keys(live)[0];
  if (name === undefined) return part;
  const read = { count: 0 };
  reads.push(read);
  const first = live[name];
  const get = () => (read.count++ === 0 ? first : `read ${read.count} times`);
  Object.defineProperty(live, name, { get, enumerable: true, configurable: true });
  return part;
}

function proxyOf(target: object, reads: HostileValue["reads"]): object {
  const counts = new Map<PropertyKey, { count: number }>();
  return new Proxy(target, {
    get(on, name, receiver) {
      if (typeof name === "string" && name !== "length" && Object.hasOwn(on, name)) {
        const read = counts.get(name) ?? { count: 0 };
        if (read.count++ === 0) reads.push(read);
        counts.set(name, read);
      }
      return Reflect.get(on, name, receiver);
    },
  });
}
