import { nearName } from "../near-name.ts";
import { quoted } from "../text.ts";
import { checkObject, invalid } from "./checks.ts";

/** Checks one value. `limit` is the largest payload, for what has one. */
export type Check = (value: unknown, path: string, limit: number) => void;

/** What is checked of one field. */
export interface Field {
  readonly check: Check;
  /** What an explicit `undefined` or absence means: refused, both as absent, or refused only if it is explicit. */
  readonly presence: "needed" | "optional" | "not-undefined";
}

interface Needed extends Field {
  readonly presence: "needed";
}
interface Optional extends Field {
  readonly presence: "optional" | "not-undefined";
}

/** A field for every member of an interface: the compiler refuses a table that forgets one, or calls it by another name. */
export type FieldTable<T> = { readonly [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? Optional : Needed };

/** The fields of an object that callers hand in. */
export interface Fields {
  readonly what: string;
  readonly names: ReadonlySet<string>;
  readonly list: readonly (Field & { readonly name: string; readonly path: string })[];
}

/** A field that must be there. */
export function needed(check: Check): Needed {
  return { check, presence: "needed" };
}

/** A field that may be absent; an explicit `undefined` counts as absent. */
export function optional(check: Check): Optional {
  return { check, presence: "optional" };
}

/** A field that narrows what a call concerns. If its value has vanished, the call must not concern everything. */
export function narrowing(check: Check): Optional {
  return { check, presence: "not-undefined" };
}

/** An optional field that `null` removes. */
export function removable(check: Check): Optional {
  return optional((value, path, limit) => {
    if (value !== null) check(value, path, limit);
  });
}

/** Makes the fields of an object from a table. `what` names the object, `prefix` stands before the names of its fields. */
export function fieldsOf<T>(what: string, prefix: string, table: FieldTable<T>): Fields {
  const list = Object.entries<Field>(table).map(([name, { check, presence }]) => ({
    name,
    path: prefix + name,
    check,
    presence,
  }));
  return { what, names: new Set(list.map(({ name }) => name)), list };
}

/** Checks an object's names and the values of all its fields. */
export function checkFields(object: unknown, fields: Fields, limit: number = 0): void {
  checkObject(object, fields.what);
  let given = 0;
  for (const { name, path, check, presence } of fields.list) {
    const value = object[name];
    if (value !== undefined) given += 1;
    else if (presence === "optional" || (presence === "not-undefined" && !(name in object))) continue;
    // A name that is needed and not there may be there misspelt: that is the better message.
    else checkNames(object, fields.names, fields.what);
    check(value, path, limit);
  }
  // Names are looked at one by one only if there are more of them than values: this is on the path of every commit.
  if (Object.keys(object).length !== given) checkNames(object, fields.names, fields.what);
}

/**
 * Refuses an object with names that are not known: a misspelt option must not be as if it were absent.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT, naming the name and the known one that it resembles
 */
export function checkNames(object: object, known: ReadonlySet<string>, what: string): void {
  for (const name of Object.keys(object)) {
    if (known.has(name)) continue;
    const near = nearName(name, known);
    const hint = near === undefined ? "" : `; did you mean ${quoted(near)}?`;
    throw invalid(name, `is not a name that ${what} can have${hint}`, quoted(name));
  }
}
