import fc from "fast-check";

const throwing = (): never => {
  throw new Error("cannot be read");
};

const VALUES: readonly unknown[] = [
  undefined,
  null,
  "",
  "\0",
  "\ud800",
  "x".repeat(513),
  "é".repeat(300),
  "x".repeat(5_000),
  Number.NaN,
  -1,
  0.5,
  8.64e15,
  8.64e15 + 1,
  Number.MAX_SAFE_INTEGER,
  Number.POSITIVE_INFINITY,
  1n,
  Symbol("s"),
  [],
  ["running", "other"],
  new Array(3),
  new Date(Number.NaN),
  () => 1,
];

/** Functions that make the values, because the generator would read the values themselves. */
const MADE: readonly (() => unknown)[] = [
  () => new Proxy({}, { get: throwing, ownKeys: throwing, has: throwing, getPrototypeOf: throwing }),
  () => new Proxy([], { get: throwing }),
  () => revoked({}),
  () => revoked([]),
  () => ({
    get code() {
      return throwing();
    },
  }),
  () => ({ code: "A", message: "b", cause: cyclic() }),
  () => ({ code: "A", message: "b", toJSON: throwing }),
  () => ({ code: "A", message: "b", attempts: 1n }),
  () => ({ code: "A", message: "b", stack: "x".repeat(2_000_000) }),
  () => ({ code: "A", message: "b", cause: doubled(60) }),
  () => ({ code: "A", message: "b", cause: nested(20_000) }),
];

/**
 * Makers of values of every type and size that a caller without types may pass. Some of them throw when they are
 * read.
 */
export const oddValue: fc.Arbitrary<() => unknown> = fc.oneof(
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withMap: true }).map((value) => () => value),
  fc.constantFrom(...VALUES).map((value) => () => value),
  fc.constantFrom(...MADE),
);

/** Makers of a request in which one field, at any depth, has an odd value, or an odd value has an unknown name. */
export function spoiled<T extends object>(valid: T): fc.Arbitrary<() => T> {
  const places = fc.constantFrom(...pathsOf(valid), ["another"], ["toString"], ["__proto__x"]);
  return fc.tuple(places, oddValue, fc.boolean()).map(
    ([path, make, isGetter]) =>
      () =>
        withField(valid, path, make(), isGetter) as T,
  );
}

function pathsOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

function withField(object: unknown, [key = "", ...rest]: string[], value: unknown, isGetter: boolean): unknown {
  const copy: object = Array.isArray(object) ? [...object] : { ...(object as object) };
  const inner = rest.length === 0 ? value : withField((object as Record<string, unknown>)[key], rest, value, isGetter);
  const isThrowing = isGetter && rest.length === 0;
  Object.defineProperty(copy, key, {
    enumerable: true,
    configurable: true,
    ...(isThrowing ? { get: throwing } : { value: inner }),
  });
  return copy;
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function cyclic(): object {
  const cycle: Record<string, unknown> = {};
  cycle.itself = cycle;
  return cycle;
}

/** Makes a value that is small in memory, but has 2 ** depth values for code that visits them all. */
function doubled(depth: number): unknown {
  let value: unknown = "x";
  for (let i = 0; i < depth; i++) value = [value, value];
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = "x";
  for (let i = 0; i < depth; i++) value = { cause: value };
  return value;
}
