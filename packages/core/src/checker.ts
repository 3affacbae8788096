import * as z from "zod/mini";
import { messageOf, WorkflowError } from "./errors.ts";
import { nearName } from "./near-name.ts";
import { quoted } from "./text.ts";

/** A schema for every option of an interface. A table that lacks one does not compile. */
export type OptionSchemas<Options> = Readonly<Record<keyof Options, z.ZodMiniType>>;

/**
 * Returns a function that checks the options object of the function `name`.
 *
 * - The check returns a copy without the options that are `undefined`: they count as absent. It reads each option once.
 * - It refuses unknown options, and names the option that was probably meant.
 * - It throws an INVALID_ARGUMENT that names the function and the options that are wrong.
 */
export function checker<Options>(name: string, schemas: OptionSchemas<Options>): (value: unknown) => Options {
  const schema = z.strictObject(schemas);
  const known = Object.keys(schemas);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new WorkflowError("INVALID_ARGUMENT", `${name}: takes one object ${shapeOf(schemas)}.`);
    }
    const { problems, options } = check(schema, known, value);
    if (problems.length === 0) return options as Options;
    throw new WorkflowError("INVALID_ARGUMENT", `${name}: ${problems.join("; ")}.`, { details: { problems } });
  };
}

/** Returns the names of the options, as a type shows them. */
function shapeOf(schemas: Readonly<Record<string, z.ZodMiniType>>): string {
  const names = Object.entries(schemas).map(([name, { _zod }]) => (_zod.optin === "optional" ? `${name}?` : name));
  return `{ ${names.join(", ")} }`;
}

function check(schema: z.ZodMiniType, known: readonly string[], value: unknown) {
  try {
    const result = schema.safeParse(value);
    if (result.success) return { problems: [], options: withoutUndefined(result.data as object) };
    return { problems: result.error.issues.map((issue) => problemOf(issue, known)), options: undefined };
  } catch (error) {
    return { problems: [`an option cannot be read: ${messageOf(error)}`], options: undefined };
  }
}

function problemOf(issue: z.core.$ZodIssue, known: readonly string[]): string {
  const { path } = issue;
  if (issue.code === "unrecognized_keys") {
    return [...path.map(String), unknownNames(issue.keys, path.length === 0 ? known : [])].join(": ");
  }
  return [...path.map(String), expectation(issue)].join(": ");
}

/** Returns what was expected, even if the schema has no message of its own. */
function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `must be ${/^[aeiou]/.test(issue.expected) ? "an" : "a"} ${issue.expected}`;
  if (issue.code === "invalid_value") return `must be ${issue.values.map((value) => quoted(value)).join(" or ")}`;
  return issue.message;
}

function unknownNames(names: readonly string[], known: readonly string[]): string {
  return names
    .slice(0, 5)
    .map((name) => {
      const meant = nearName(name, known);
      return `unknown option ${quoted(name)}${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
    })
    .join(", ");
}

function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
