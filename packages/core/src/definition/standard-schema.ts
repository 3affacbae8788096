import { messageOf } from "../errors.ts";
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
function isStandardSchema(value: unknown): value is StandardSchema {
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

/**
 * Validates a value. Returns the schema's output, or the problems in words, each with its path.
 *
 * - A schema that throws, or whose result is none of the standard's, is a problem of the value too: nothing may run on
 *   data that was not checked. `cause` is what was thrown.
 */
export async function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Promise<{ value: Output } | { problems: string[]; cause?: unknown }> {
  try {
    const result = await schema["~standard"].validate(value);
    if (result.issues === undefined) return "value" in result ? { value: result.value } : { problems: [NO_RESULT] };
    return { problems: describeIssues(result.issues) };
  } catch (cause) {
    return { problems: [`its schema failed: ${cleanText(messageOf(cause), MAX_PROBLEM)}`], cause };
  }
}

/** The most problems that a message names. */
const MAX_PROBLEMS = 20;
/** The longest text of a problem and of its path, in characters each. */
const MAX_PROBLEM = 500;
const NO_RESULT = "its schema returned neither a value nor issues";

function describeIssues(issues: readonly StandardIssue[]): string[] {
  const problems = issues.slice(0, MAX_PROBLEMS).map(describeIssue);
  const left = issues.length - problems.length;
  if (problems.length === 0) return ["its schema refuses it without an issue"];
  return left === 0 ? problems : [...problems, `and ${left} more`];
}

/** The standard promises a text. */
function textOf(message: unknown): string {
  return typeof message === "string" ? message : "its schema says no message";
}

function describeIssue(issue: StandardIssue): string {
  const { message: given, path = [] } = issue;
  const { expected } = issue as { expected?: unknown };
  // zod/mini has no messages of its own unless the application loads a locale. Those of zod begin with words that say nothing.
  const isBare = given === "Invalid input" && typeof expected === "string";
  const message = isBare ? `must be a ${expected}` : textOf(given).replace(/^Invalid input: /, "");
  const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
  const text = cleanText(message, MAX_PROBLEM);
  return keys.length === 0 ? text : `${cleanText(keys.join("."), MAX_PROBLEM)}: ${text}`;
}
