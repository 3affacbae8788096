import type * as z from "zod/mini";
import { WorkflowError } from "../errors.ts";

/** Makes the check of a function's argument against a schema; it throws INVALID_ARGUMENT, naming the function and the fields. */
export function checker(name: string, schema: z.ZodMiniType): (value: unknown) => void {
  return (value) => {
    const result = schema.safeParse(value);
    if (result.success) return;
    const problems = result.error.issues.map(({ path, message }) => [...path.map(String), message].join(": "));
    throw new WorkflowError("INVALID_ARGUMENT", `${name}: ${problems.join("; ")}.`, { details: { problems } });
  };
}
