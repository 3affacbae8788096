import { type NodeExecutor, type Patch, route, type WorkflowContext } from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";

/** The field by which core tells marked results from contexts, and what it says for those that choose no output. */
const [MARK] = Object.getOwnPropertySymbols(route({}, [])) as [symbol];
const CHOOSES_NONE = new Set<unknown>([undefined, "patch"]);

/**
 * Keeps a node off its error output, unless its executor chooses it by `route()`: a plain context takes all outputs,
 * and for an executor that knows nothing of n8n's error outputs that means to handle an error after every success.
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
  // A node made by defineNode carries its type and the schema of its data.
  return Object.assign(run, executor);
}
