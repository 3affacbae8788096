import type { Context } from "hono";
import { validator } from "hono/validator";
import type * as z from "zod/mini";
import type { Access } from "./access.ts";
import { inputProblems } from "./input-problems.ts";
import type { CheckedOptions, InspectedEngine } from "./inspector-options.ts";
import { ProblemError, problem } from "./problem.ts";
import type { Views } from "./views.ts";

/** What every route works with. */
export interface ApiParts {
  options: CheckedOptions;
  views: Views;
  /** False if the engine has no code for nodes, so that it cannot run any. */
  canRun: boolean;
}

/** The variables of a request. */
export interface ApiEnv {
  Variables: { access: Access };
}

/** The engine's members for a request: of all users, or of the one that it is limited to. */
export function engineFor(
  { options }: ApiParts,
  context: Context<ApiEnv>,
): Omit<InspectedEngine, "forUser" | "dispatcher"> {
  const { userId } = context.get("access");
  return userId === undefined ? options.engine : options.engine.forUser(userId);
}

/** Checks the parameters of a request. */
export function query<Schema extends z.ZodMiniType>(schema: Schema) {
  return validator("query", (value): z.output<Schema> => parse(schema, value));
}

/** Checks the JSON body of a request. */
export function body<Schema extends z.ZodMiniType>(schema: Schema) {
  return validator("json", (value): z.output<Schema> => parse(schema, value));
}

/** Checks a value. @throws {ProblemError} */
export function parse<Schema extends z.ZodMiniType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError(problem(400, "INVALID_ARGUMENT", inputProblems(result.error)));
}

/** Parses a JSON text that a person wrote. @throws {ProblemError} */
export function parseText(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(problem(400, "INVALID_ARGUMENT", `${name}: is not JSON: ${(error as Error).message}`));
  }
}
