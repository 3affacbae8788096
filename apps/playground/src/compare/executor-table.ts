import type { NodeExecutor } from "@waymark/core";
import { DISABLED_TYPE } from "../import/n8n.ts";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import { besideErrorOutput } from "../nodes/error-output.ts";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { createPassThrough } from "../nodes/pass-through.ts";

/** Executors for all node types of a workflow. */
export interface ResolvedExecutors {
  executors: ExecutorTable;
  /** The node types that are passed through, each with the number of its nodes. */
  passedThrough: ReadonlyMap<string, number>;
}

/**
 * Chooses an executor for every node type: the user's own, else the playground's, else a pass-through.
 *
 * - In an n8n export, an executor takes the error output only if it chooses it by `route()`.
 */
export function resolveExecutors(
  { workflow, format }: Pick<LoadedWorkflow, "workflow" | "format">,
  tables: { own?: ExecutorTable | undefined; bundled: ExecutorTable },
): ResolvedExecutors {
  const executors = new Map<string, NodeExecutor>();
  const passedThrough = new Map<string, number>();
  const passThrough = createPassThrough(workflow);
  for (const { type = "default" } of workflow.nodes) {
    const table = [tables.own, tables.bundled].find((one) => one !== undefined && Object.hasOwn(one, type));
    const executor = type === DISABLED_TYPE ? undefined : table?.[type];
    if (executor !== undefined) {
      executors.set(type, format === "n8n" ? besideErrorOutput(executor) : executor);
    } else {
      executors.set(type, passThrough);
      if (type !== DISABLED_TYPE) passedThrough.set(type, (passedThrough.get(type) ?? 0) + 1);
    }
  }
  return { executors: Object.fromEntries(executors), passedThrough };
}
