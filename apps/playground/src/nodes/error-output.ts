import { type NodeExecutor, type Patch, route, type WorkflowContext } from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";
import { resultMark } from "./result-mark.ts";

/** The marks of results that choose no output. */
const CHOOSES_NONE = new Set<unknown>([undefined, "patch"]);

/**
 * Wraps an executor so that a plain context takes all outputs but the error output. `route()` can still choose it.
 *
 * - Without this, an executor that does not know n8n's error outputs would take them after every success.
 */
export function besideErrorOutput(executor: NodeExecutor): NodeExecutor {
  const run: NodeExecutor = async (args) => {
    const result = await executor(args);
    const { errorOutput, outputs = [] } = (args.node?.data ?? {}) as Partial<N8nNodeData>;
    if (errorOutput === undefined || typeof result !== "object" || !CHOOSES_NONE.has(resultMark(result))) return result;
    return route(
      result as WorkflowContext | Patch,
      outputs.filter((output) => output !== errorOutput),
    );
  };
  // The executor of defineNode has the properties type and dataSchema.
  return Object.assign(run, executor);
}
