import fc from "fast-check";
import {
  ERROR_CODES,
  NonRetryableError,
  patch,
  RetryAfterError,
  route,
  type SuspendOptions,
  suspend,
  WorkflowError,
} from "../../src/index.ts";
import { thenable } from "./thenable.ts";

/** Makes a value when a node needs it: fast-check itself looks into the values that it is given. */
type Make = () => unknown;

const bad = () => {
  throw new Error("a trap");
};

/** Values that cannot be looked at without harm. */
const hostile = fc.constantFrom<Make[]>(
  () => new Proxy({}, { get: bad, has: bad, ownKeys: bad, getPrototypeOf: bad, getOwnPropertyDescriptor: bad }),
  () => new Proxy(new Error("wrapped"), { get: bad }),
  () => new Proxy(() => undefined, { apply: bad, get: bad }),
  () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  },
  () => Object.defineProperty({}, "total", { enumerable: true, get: bad }),
  () => ({ toJSON: bad, toString: bad, valueOf: bad, [Symbol.toPrimitive]: bad }),
  () => Object.create(null, { message: { get: bad }, stack: { get: bad }, constructor: { get: bad } }),
  () => {
    const cyclic: Record<string, unknown> = {};
    cyclic.itself = cyclic;
    return cyclic;
  },
  () => ({ fn: bad, symbol: Symbol("s"), weak: new WeakMap() }),
  () => new (class Order {})(),
  () => new Date(Number.NaN),
);

const plain = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withObjectString: true,
  })
  .map(
    (value): Make =>
      () =>
        value,
  );

const anything = fc.oneof({ weight: 3, arbitrary: plain }, { weight: 1, arbitrary: hostile });

/** Numbers and dates that are hardly times. */
const oddTime = fc.oneof(
  fc.double().map(
    (value): Make =>
      () =>
        value,
  ),
  fc.date({ noInvalidDate: false }).map(
    (value): Make =>
      () =>
        value,
  ),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, -1, 1 / 3, -0, Number.NaN, "2026-01-01", 5n, null).map(
    (value): Make =>
      () =>
        value,
  ),
  hostile,
);

const FIELDS = ["name", "message", "code", "status", "stack", "cause", "errors", "constructor", "toString"];

/** Errors whose fields are of odd types, or fail when they are read. */
const oddError = fc
  .tuple(
    fc.constantFrom(
      () => new Error("odd"),
      () => new TypeError("odd"),
      () => new AggregateError([], "odd"),
    ),
    fc.dictionary(fc.constantFrom(...FIELDS), fc.option(anything, { nil: undefined })),
  )
  .map(
    ([make, fields]): Make =>
      () => {
        const error = make();
        for (const [key, value] of Object.entries(fields)) {
          const field = value === undefined ? { get: bad } : { value: value(), writable: true };
          Object.defineProperty(error, key, { ...field, configurable: true, enumerable: true });
        }
        return error;
      },
  );

/** Errors of this engine, or of another one, thrown by a node. */
const engineError = fc.oneof(
  fc.record({ code: fc.constantFrom(...ERROR_CODES), message: fc.string() }).map(
    ({ code, message }): Make =>
      () =>
        new WorkflowError(code, message, { executionId: "another" }),
  ),
  anything.map(
    (code): Make =>
      () =>
        Object.assign(new WorkflowError("NODE_FAILED", "odd"), { code: code() }),
  ),
  fc.string().map(
    (message): Make =>
      () =>
        new NonRetryableError(message),
  ),
  oddTime.map(
    (ms): Make =>
      () => {
        const error = new RetryAfterError("busy", { retryAfterMs: 1 });
        return Object.defineProperty(error, "retryAfterMs", { value: ms() });
      },
  ),
);

const thrown = fc.oneof(anything, oddError, engineError);
const handles = fc.oneof(
  fc.string().map(
    (handle): Make =>
      () =>
        handle,
  ),
  fc
    .array(
      fc.oneof(
        fc.string().map(
          (handle): Make =>
            () =>
              handle,
        ),
        anything,
      ),
    )
    .map(
      (list): Make =>
        () =>
          list.map((make) => make()),
    ),
  anything,
);
const suspended = oddTime.map(
  (wakeAt): Make =>
    () =>
      suspend({ until: wakeAt() } as SuspendOptions),
);

/** Results as they are made by the package's functions from odd values, and as they are made by hand. */
const marked = fc.oneof(
  anything.map(
    (value): Make =>
      () =>
        patch(value() as never),
  ),
  suspended,
  anything.map(
    (options): Make =>
      () =>
        suspend(options() as never),
  ),
  fc
    .tuple(
      fc.oneof(
        anything,
        anything.map(
          (value): Make =>
            () =>
              patch(value() as never),
        ),
        suspended,
      ),
      handles,
    )
    .map(
      ([value, list]): Make =>
        () =>
          route(value() as never, list() as never),
    ),
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom("patch", "routed", "suspended").map(
          (kind): Make =>
            () =>
              kind,
        ),
        anything,
      ),
      fc.dictionary(fc.constantFrom("changes", "result", "handles", "options"), fc.option(anything)),
    )
    .map(
      ([kind, fields]): Make =>
        () => {
          const result = { [Symbol.for("waymark.NodeResult")]: kind() };
          for (const [key, value] of Object.entries(fields)) {
            Object.defineProperty(result, key, value === null ? { get: bad } : { value: value() });
          }
          return result;
        },
    ),
);

/** How a value gets out of an executor that returns. */
const returning = fc.constantFrom<((value: unknown) => unknown)[]>(
  (value) => value,
  (value) => Promise.resolve(value),
  (value) => thenable((resolve) => resolve(value)),
  (value) =>
    thenable((resolve, reject) => {
      resolve(value);
      reject(new Error("too late"));
      bad();
    }),
);

/** How a value gets out of an executor that fails. */
const failing = fc.constantFrom<((value: unknown) => unknown)[]>(
  (value) => {
    throw value;
  },
  (value) => Promise.reject(value),
  (value) => thenable((_, reject) => reject(value)),
  (value) => thenable(() => Promise.reject(value)),
  (value) =>
    thenable(() => {
      throw value;
    }),
);

/** Whatever a node may do in an attempt. */
export const anyOutcome: fc.Arbitrary<{ happen: () => unknown; fails: boolean }> = fc.oneof(
  fc.tuple(thrown, failing).map(([value, fail]) => ({ happen: () => fail(value()), fails: true })),
  fc
    .tuple(fc.oneof(anything, marked), returning)
    .map(([value, give]) => ({ happen: () => give(value()), fails: false })),
);
