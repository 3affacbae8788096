import { mustBe } from "../given.ts";
import type { Check } from "../option.ts";
import { cleanText } from "../text.ts";

/**
 * The Standard Schema interface, version 1 (https://standardschema.dev), which zod, valibot, arktype and others
 * implement.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Returns whether a value is a Standard Schema. Some schemas are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard = (value as Partial<StandardSchema>)["~standard"];
  return typeof standard?.validate === "function";
}

/** The check of an option that is a Standard Schema. */
export const standardSchema: Check = (value) =>
  isStandardSchema(value) ? undefined : mustBe("a Standard Schema (zod, valibot, arktype)", value);

/** The type of a schema's output. */
export type SchemaOutput<S> = S extends StandardSchema<unknown, infer Output> ? Output : never;

/** The type of a schema's input. */
export type SchemaInput<S> = S extends StandardSchema<infer Input, unknown> ? Input : never;

/** Validates a value. Returns the schema's output, or the problems in words, each with its path. */
export async function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<{ value: Output } | { problems: string[] }> {
  const result = await schema["~standard"].validate(value);
  if (result.issues === undefined) return { value: result.value };
  const problems = result.issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  const left = result.issues.length - problems.length;
  return { problems: left === 0 ? problems : [...problems, `and ${left} more`] };
}

/** The most problems that a message names. */
const MAX_PROBLEMS = 20;
/** The longest text of a problem and of its path, in characters each. */
const MAX_PROBLEM = 500;

function describeIssue(issue: StandardIssue): string {
  const { message: given, path = [] } = issue;
  const { expected } = issue as { expected?: unknown };
  // zod/mini has no messages of its own unless the application loads a locale. Those of zod begin with words that say nothing.
  const isBare = given === "Invalid input" && typeof expected === "string";
  const message = isBare ? `must be a ${expected}` : given.replace(/^Invalid input: /, "");
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  const text = cleanText(message, MAX_PROBLEM);
  return keys.length === 0 ? text : `${cleanText(keys.join("."), MAX_PROBLEM)}: ${text}`;
}
