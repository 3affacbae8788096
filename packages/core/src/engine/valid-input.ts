import { type StandardSchema, validate } from "../definition/standard-schema.ts";
import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";
import type { PreparedWorkflow } from "./prepared-workflow.ts";

/**
 * The initial data of an execution, as the schema of its workflow makes it. In an object of its own: a promise of the
 * data itself would call a `then` among its keys.
 *
 * @throws {WorkflowError} INPUT_INVALID
 */
export async function validInput(
  workflow: PreparedWorkflow,
  schema: StandardSchema,
  initialData: unknown,
): Promise<{ input: object }> {
  const result = await validate(schema, initialData);
  if ("value" in result) return { input: result.value as object };
  throw new WorkflowError(
    "INPUT_INVALID",
    `The initial data does not fit the input of workflow ${quoted(workflow.id)}: ${result.problems.join("; ")}.`,
    { details: { workflowId: workflow.id, problems: result.problems }, cause: result.cause },
  );
}
