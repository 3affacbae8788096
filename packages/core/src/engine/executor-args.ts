import { sha256 } from "../crypto.ts";
import type { LogLevel } from "./events.ts";
import type { NodeExecutorArgs, NodeLogger, WorkflowContext } from "./node-executor.ts";
import type { RunContext } from "./run-context.ts";
import type { PreparedStep } from "./workflow-catalog.ts";

/** What an executor is called with. What costs something is made when it is asked for. */
export function executorArgs(
  run: RunContext,
  step: PreparedStep,
  attempt: number,
  signal: () => AbortSignal,
): NodeExecutorArgs<WorkflowContext, unknown> {
  const { journal, values, contextMode } = run;
  const { executionId, record } = journal;
  const nodeId = step.node.id;
  const own = <T>(value: T): T => (contextMode === "copy" ? values.copyData(value) : value);
  const args: NodeExecutorArgs<WorkflowContext, unknown> = {
    context: values.handOut(journal.context, contextMode, journal.holdsInstances),
    node: own(step.node),
    data: own(step.data),
    userId: record.userId,
    workflowId: record.workflowId,
    executionId,
    attempt,
    get idempotencyKey() {
      return idempotencyKey(executionId, nodeId);
    },
    get signal() {
      return signal();
    },
    get log() {
      return nodeLogger(run, nodeId);
    },
  };
  if (journal.resumed?.nodeId === nodeId) args.resume = { data: values.handOut(journal.resumed.data, contextMode) };
  return args;
}

/**
 * One key per node per execution: `wm_` and the SHA-256 of both ids in base64url, 46 characters.
 *
 * - A hash, because ids can hold any character and be longer than services take in a header.
 */
export function idempotencyKey(executionId: string, nodeId: string): string {
  return `wm_${sha256(JSON.stringify([executionId, nodeId]), "base64url")}`;
}

function nodeLogger({ emit }: RunContext, nodeId: string): NodeLogger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Record<string, unknown>): void =>
      emit({ type: "log", nodeId, level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
