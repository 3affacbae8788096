import { quoted } from "./text.ts";

/*
 * Names values in messages. Texts and the content of objects are never shown: they may be payloads or secrets.
 */

const A_PROMISE = "a Promise";

/** Names a value by its kind: "a string", "a list", `an instance of "Map"`. Never throws. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "function") return isClass(value) ? `the class ${quoted(value.name, 40)}` : "a function";
  if (typeof value !== "object") return value === "" ? "an empty string" : `a ${typeof value}`;
  try {
    if (Array.isArray(value)) return "a list";
    if (isThenable(value)) return A_PROMISE;
    const name: unknown = Object.getPrototypeOf(value) === null ? "Object" : value.constructor?.name;
    if (name === "Object") return "an object";
    return `an instance of ${typeof name === "string" && name !== "" ? quoted(name, 40) : "an unknown class"}`;
  } catch {
    return "a value that throws when it is read";
  }
}

/** Names a value as {@link kindOf} does, but numbers and booleans by themselves. */
export function nameOf(value: unknown): string {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}

/** Returns what is wrong with a value that is not the expected one, as the end of a sentence about it. */
export function mustBe(expected: string, value: unknown): string {
  const given = nameOf(value);
  const cure = given === A_PROMISE ? ": await it" : "";
  return `must be ${expected}, ${value === undefined ? "but is missing" : `not ${given}${cure}`}`;
}

/** Returns whether a function is written as a class, which cannot be called. */
export function isClass(value: unknown): value is new () => unknown {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
