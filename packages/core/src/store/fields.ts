import { nameOf } from "../given.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { cleanText, listed, quoted } from "../text.ts";
import { checkObject, invalid } from "./checks.ts";

/** The longest part of an unknown name that a refusal repeats, in characters. */
const MAX_UNKNOWN_NAME = 100;

/** Checks one value. `limit` is the largest payload in bytes, for values that hold a payload. */
export type Check = (value: unknown, path: string, limit: number) => void;

/** The check of one field. */
export interface Field {
  readonly check: Check;
  /**
   * - `needed`: absence and an explicit `undefined` are refused.
   * - `optional`: both count as absent.
   * - `not-undefined`: the field may be absent, but an explicit `undefined` is refused.
   */
  readonly presence: "needed" | "optional" | "not-undefined";
}

interface Needed extends Field {
  readonly presence: "needed";
}
interface Optional extends Field {
  readonly presence: "optional" | "not-undefined";
}

/** A field for every member of an interface. The compiler refuses a table that lacks one or has another name. */
export type FieldTable<T> = { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : Needed };

/** The fields of an object that a caller passes. */
export interface Fields {
  readonly what: string;
  /** The names that it may have. */
  readonly names: ReadonlySet<string>;
  readonly byName: ReadonlyMap<string, Field & { readonly path: string }>;
  /** The number of fields that must be present. */
  readonly needed: number;
}

/** Returns a field that must be present. */
export function needed(check: Check): Needed {
  return { check, presence: "needed" };
}

/** Returns a field that may be absent. An explicit `undefined` counts as absent. */
export function optional(check: Check): Optional {
  return { check, presence: "optional" };
}

/**
 * Returns a field that narrows a call. An explicit `undefined` is refused: it must not make the call affect everything.
 */
export function narrowing(check: Check): Optional {
  return { check, presence: "not-undefined" };
}

/** Returns an optional field that `null` removes. */
export function removable(check: Check): Optional {
  return optional((value, path, limit) => {
    if (value !== null) check(value, path, limit);
  });
}

/** Makes the fields of an object from a table. `what` names the object; `prefix` precedes field names in messages. */
export function fieldsOf<T>(what: string, prefix: string, table: FieldTable<T>): Fields {
  const fields = Object.entries<Field>(table);
  const byName = new Map(
    fields.map(([name, { check, presence }]) => [name, { path: prefix + name, check, presence }] as const),
  );
  const needed = fields.filter(([, { presence }]) => presence === "needed").length;
  return { what, names: new Set(byName.keys()), byName, needed };
}

/** Checks an object's names and the values of all its fields. */
export function checkFields(object: unknown, fields: Fields, limit: number = 0): void {
  checkObject(object, fields.what);
  // Every commit comes through here. So only the fields that are there are looked up, and the table is gone through only
  // if one is unknown, missing or undefined.
  let needed = 0;
  for (const name in object) {
    const value = object[name];
    const field = fields.byName.get(name);
    if (field === undefined || value === undefined) {
      checkEach(object, fields, limit);
      return;
    }
    field.check(value, field.path, limit);
    if (field.presence === "needed") needed += 1;
  }
  if (needed < fields.needed) checkEach(object, fields, limit);
}

/** Checks the fields in the order of the table. */
function checkEach(object: Record<string, unknown>, fields: Fields, limit: number): void {
  for (const [name, { path, check, presence }] of fields.byName) {
    const value = object[name];
    if (value === undefined) {
      if (presence === "optional" || (presence === "not-undefined" && !(name in object))) continue;
      // If a needed field is missing, it may be present under a misspelt name. Report that first: it is the better
      // message.
      checkNames(object, fields.names, fields.what);
    }
    check(value, path, limit);
  }
  checkNames(object, fields.names, fields.what);
}

/**
 * Refuses an object with unknown names, so that a misspelt option is not silently ignored.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, with the unknown name and the known name that it resembles, or all of them
 */
export function checkNames(object: object, known: ReadonlySet<string>, what: string): void {
  for (const name of Object.keys(object)) {
    if (known.has(name)) continue;
    const hint = didYouMean(nearName(name, known)) || ` (known: ${listed([...known])})`;
    // It may be anything, even an address with a password.
    const shown = cleanText(name, MAX_UNKNOWN_NAME);
    throw invalid(shown, `is not a known field of ${what}${hint}`, quoted(shown));
  }
}

/**
 * Checks that the options of a call are an object without unknown names.
 *
 * @param call The call that takes them, as its caller writes it: "MyStore.connect".
 * @throws {WorkflowError} INVALID_ARGUMENT, with the call, and what was given or the option that was probably meant
 */
export function checkOptions(options: unknown, known: ReadonlySet<string>, call: string): asserts options is object {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const given = options === undefined ? "but was given nothing" : `not ${nameOf(options)}`;
    const [first] = known;
    throw invalid("options", `takes an object of options, such as { ${first}: … }, ${given}`, call);
  }
  checkNames(options, known, `the options of ${call}`);
}
