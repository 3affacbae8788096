import { type NodeExecutor, type Patch, route, type WorkflowContext } from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";

/** The field by which core recognizes marked results, and its values for results that choose no output. */
const [MARK] = Object.getOwnPropertySymbols(route({}, [])) as [symbol];
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
    const kind = (result as unknown as Record<symbol, unknown> | undefined)?.[MARK];
    if (errorOutput === undefined || typeof result !== "object" || !CHOOSES_NONE.has(kind)) return result;
    return route(
      result as WorkflowContext | Patch,
      outputs.filter((output) => output !== errorOutput),
    );
  };
  // The executor of defineNode has the properties type and dataSchema.
  return Object.assign(run, executor);
}
