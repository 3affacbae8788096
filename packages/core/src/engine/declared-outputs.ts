import type { DeclaredOutputs } from "../definition/graph.ts";
import { ERROR_HANDLE } from "../definition/outputs.ts";
import type { WorkflowNode } from "../definition/schema.ts";
import { WorkflowError } from "../errors.ts";
import { didYouMean, nearName } from "../near-name.ts";
import { listed, quoted } from "../text.ts";
import type { NodeExecutor } from "./node-executor.ts";

// biome-ignore lint/suspicious/noExplicitAny: any executor may declare outputs
type AnyExecutor = NodeExecutor<any, any>;

/** Returns the outputs that executors declare, by their type. */
export function declaredOutputs(executors: ReadonlyMap<string, AnyExecutor>): DeclaredOutputs {
  const declared = new Map<string, readonly string[]>();
  for (const [type, executor] of executors) {
    const outputs = outputsOf(executor);
    if (outputs !== undefined) declared.set(type, outputs);
  }
  return declared;
}

/**
 * Refuses a result that takes an output which the node's executor does not declare.
 *
 * @throws {WorkflowError} NODE_RESULT_INVALID
 */
export function refuseUndeclared(
  run: AnyExecutor,
  { id, onError }: Pick<WorkflowNode, "id" | "onError">,
  handles: readonly string[],
): void {
  const outputs = outputsOf(run);
  if (outputs === undefined) return;
  const unknown = handles.find((name) => !outputs.includes(name) && !(name === ERROR_HANDLE && onError === "route"));
  if (unknown === undefined) return;
  throw new WorkflowError(
    "NODE_RESULT_INVALID",
    `Node ${quoted(id)} returned route() to ${quoted(unknown)}${didYouMean(nearName(unknown, outputs))}; its type declares the outputs ${listed(outputs)}.`,
    { details: { nodeId: id, handle: unknown, outputs: outputs.slice(0, 100) } },
  );
}

/** Returns the outputs that an executor declares; `undefined` if it declares none, and any will do. */
export function outputsOf(run: AnyExecutor): readonly string[] | undefined {
  const { outputs } = run as { outputs?: unknown };
  return Array.isArray(outputs) ? (outputs as readonly string[]) : undefined;
}
