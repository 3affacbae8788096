import type { NodeRun } from "../state/node-run.ts";
import type { ChildOutcome } from "./child-outcome.ts";
import { executorArgs } from "./executor-args.ts";
import { type NodeOutcome, readResult } from "./node-outcome.ts";
import type { PreparedStep } from "./prepared-workflow.ts";
import type { RunParts } from "./run-parts.ts";

/** Calls the executor of a node, or has the engine run what the node starts. */
export function invokeNode(
  parts: RunParts,
  node: { step: PreparedStep; run: NodeRun; attempt: number; signal: () => AbortSignal },
): unknown {
  const { run: execute, child } = node.step;
  const args = executorArgs(parts, node);
  if (child === undefined) return execute(args);
  const { run, attempt } = node;
  return parts.runChild(parts, { child, run, attempt, args });
}

/** Reads what {@link invokeNode} has returned. @throws {WorkflowError} NODE_RESULT_INVALID, and why the children failed */
export function readOutcome(result: unknown, { child, node }: PreparedStep): NodeOutcome {
  return child === undefined ? readResult(result, node.id) : (result as ChildOutcome).take();
}
