import fc from "fast-check";
import { type Class, classNamed, ERROR_NAMES, TYPED_ARRAY_NAMES } from "../../src/state/built-in-classes.ts";

/** The classes of a list of names that this runtime has. */
function classesOf(names: readonly string[]): Class[] {
  return names.map(classNamed).filter((each) => each !== undefined);
}

export const ERROR_CLASSES = classesOf(ERROR_NAMES) as Class<Error>[];
export const TYPED_ARRAY_CLASSES = classesOf(TYPED_ARRAY_NAMES) as Class<Uint8Array>[];

/** Typed arrays of every kind over any bytes, many of them views into a larger buffer. */
const typedArray = fc
  .tuple(fc.constantFrom(...TYPED_ARRAY_CLASSES), fc.uint8Array({ maxLength: 40 }), fc.nat(2))
  .map(([typedArrayClass, bytes, skipped]) => {
    const { BYTES_PER_ELEMENT } = typedArrayClass as unknown as { BYTES_PER_ELEMENT: number };
    const items = Math.floor(bytes.length / BYTES_PER_ELEMENT);
    const offset = Math.min(skipped, items);
    const { buffer } = new Uint8Array(bytes);
    return new typedArrayClass(buffer, offset * BYTES_PER_ELEMENT, items - offset);
  });

const memory = fc.tuple(fc.uint8Array({ maxLength: 8 }), fc.boolean()).map(([bytes, viewed]) => {
  const { buffer } = new Uint8Array(bytes);
  return viewed ? new DataView(buffer, Math.min(1, buffer.byteLength)) : buffer;
});

const url = fc
  .oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc.constantFrom(
      "data:text/plain,a b#c",
      "a:/.//b",
      "file:///C:/a%20b",
      "http://u:p@ä.example:81/?#",
      "urn:x",
      "blob:x",
    ),
  )
  .map((text) => new URL(text));

const regExp = fc
  .tuple(
    fc.oneof(
      fc.constantFrom("", "/", "[/]", "a\nb", "\\/", "(?<year>\\d{4})", "\u2028", "\ud800", "]", "\\\n"),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    fc.constantFrom("", "g", "iy", "dgimsuy", "v", "gs"),
    fc.oneof(fc.nat(9), fc.double()),
  )
  .filter(([source, flags]) => compiles(source, flags))
  .map(([source, flags, lastIndex]) => Object.assign(new RegExp(source, flags), { lastIndex }));

function compiles(source: string, flags: string): boolean {
  try {
    new RegExp(source, flags);
    return true;
  } catch {
    return false;
  }
}

/** Instances of the built-in classes that hold no other values. */
export const anyInstance: fc.Arbitrary<object> = fc.oneof(typedArray, memory, url, regExp);

const property = fc.constantFrom("stack", "message", "cause", "errors", "name", "fields", "code", "$type", "__proto__");

/** Errors of every class, with or without each of their properties, hidden or not. */
export function errorsWith(value: fc.Arbitrary<unknown>, key: fc.Arbitrary<string>): fc.Arbitrary<Error> {
  return fc
    .record({
      errorClass: fc.constantFrom(...ERROR_CLASSES),
      deleted: fc.subarray(["stack", "message", "errors"]),
      hidden: fc.array(fc.tuple(fc.constantFrom("message", "cause", "errors", "name", "stack"), value), {
        maxLength: 3,
      }),
      shown: fc.array(fc.tuple(fc.oneof(property, key), value), { maxLength: 3 }),
    })
    .map(({ errorClass, deleted, hidden, shown }) => {
      const error: Error = new (errorClass as Class<Error>)(errorClass.name === "AggregateError" ? [] : "m");
      // Made into a text now: a hook of the test runner does that when the stack is first read, from the message then.
      Object.defineProperty(error, "stack", { value: error.stack });
      for (const each of deleted) Reflect.deleteProperty(error, each);
      for (const [entries, enumerable] of [[hidden, false] as const, [shown, true] as const]) {
        for (const [name, each] of entries) {
          Object.defineProperty(error, name, { value: each, enumerable, writable: true, configurable: true });
        }
      }
      return error;
    });
}
