import { mustBe, nameOf } from "./given.ts";
import { quoted } from "./text.ts";

/** Returns what is wrong with a value, as the end of a sentence about it ("must be …"); `undefined` if nothing is. */
export type Check = (value: unknown) => string | undefined;

/** An option of a call. A check alone is an option that is required. */
export type Option = Check | OptionRule;

/** An option of a call: its check, and whether it may be absent. */
export interface OptionRule {
  readonly check: Check;
  /**
   * - `needed`: absence and an explicit `undefined` are refused.
   * - `optional`: both count as absent.
   * - `filter`: may be absent, but `undefined`, `null` and "" are refused: they must not mean "everything".
   */
  readonly presence: "needed" | "optional" | "filter";
  /** The options inside it. */
  readonly inside?: AnyOptions;
  /** It is a list, which is copied. */
  readonly isCopied?: boolean;
}

/** The options of an object, by their names. */
export type AnyOptions = Readonly<Record<string, Option>>;

/** An entry for every option of an interface. A table that lacks one does not compile. */
export type OptionTable<Options> = Readonly<Record<keyof Options, Option>>;

/** Returns an option that may be absent. */
export function optional(option: Option): OptionRule {
  return { ...ruleOf(option), presence: "optional" };
}

/** Returns an option that narrows or guards a call. */
export function filter(check: Check): OptionRule {
  return { check, presence: "filter" };
}

/** Returns an option that is an object of further ones. */
export function options(inside: AnyOptions, expected: string): OptionRule {
  const check: Check = (value) =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : mustBe(expected, value);
  return { check, presence: "needed", inside };
}

/** Returns an option as a rule. */
export function ruleOf(option: Option): OptionRule {
  return typeof option === "function" ? { check: option, presence: "needed" } : option;
}

export const anything: Check = () => undefined;
export const text: Check = (value) => (typeof value === "string" ? undefined : mustBe("a string", value));
export const flag: Check = (value) => (typeof value === "boolean" ? undefined : mustBe("true or false", value));
export const callback: Check = (value) => (typeof value === "function" ? undefined : mustBe("a function", value));
export const list: Check = (value) => (Array.isArray(value) ? undefined : mustBe("a list", value));
export const numeric: Check = (value) => (Number.isFinite(value) ? undefined : mustBe("a number", value));

/** Returns the check of a whole number. `unit` is what it counts, for the message. */
export function wholeNumber(least: number, most: number = Number.MAX_SAFE_INTEGER, unit?: string): Check {
  const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;
  const expected = `a whole number${unit === undefined ? "" : ` of ${unit}`}${range}`;
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : mustBe(expected, value);
}

/** Returns the check of a number in a range. */
export function numberFrom(least: number, most: number, expected: string): Check {
  return (value) =>
    typeof value === "number" && value >= least && value <= most ? undefined : mustBe(expected, value);
}

/** Returns the check of a text that is one of a few. */
export function oneOf(...known: readonly string[]): Check {
  const names = known.map((name) => quoted(name));
  const expected = [names.slice(0, -1).join(", "), ...names.slice(-1)].join(" or ");
  return (value) => {
    if (known.includes(value as string)) return undefined;
    return typeof value === "string" ? `must be ${expected}, not ${quoted(value, 40)}` : mustBe(expected, value);
  };
}

/** A list of texts. */
export const texts: OptionRule = {
  check: (value) => {
    const expected = 'a list of strings, such as ["a", "b"]';
    if (!Array.isArray(value)) return mustBe(expected, value);
    const index = value.findIndex((each) => typeof each !== "string");
    return index < 0 ? undefined : `must be ${expected}; item ${index} is ${nameOf(value[index])}`;
  },
  presence: "needed",
  isCopied: true,
};
