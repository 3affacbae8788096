import type { NodeRun } from "../state/node-run.ts";
import type { LogLevel } from "./events.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import type { NodeExecutorArgs, NodeLogger, WorkflowContext } from "./node-executor.ts";
import type { RunParts } from "./run-parts.ts";
import { nextWaitToken } from "./run-waits.ts";
import { namesOf, type PreparedStep } from "./workflow-catalog.ts";

/** Makes the arguments of an executor. Those that cost something are made when they are first read. */
export function executorArgs(
  parts: RunParts,
  { step, run, attempt, signal }: { step: PreparedStep; run: NodeRun; attempt: number; signal: () => AbortSignal },
): NodeExecutorArgs<WorkflowContext, unknown> {
  const { journal, values, contextMode } = parts;
  const { executionId, record } = journal;
  const own = <T>(value: T): T => (contextMode === "copy" ? values.copyData(value) : value);
  const args: NodeExecutorArgs<WorkflowContext, unknown> = {
    context: values.handOut(journal.context, contextMode, journal.holdsInstances),
    node: own(step.node),
    data: own(step.data),
    userId: record.userId,
    workflowId: record.workflowId,
    executionId,
    visit: run.visit,
    attempt,
    get idempotencyKey() {
      return idempotencyKey({ id: executionId, instance: journal.progress.instance }, run);
    },
    get waitToken() {
      return nextWaitToken(parts, run);
    },
    get signal() {
      return signal();
    },
    // Not by an accessor: making one costs more than the functions do.
    log: nodeLogger(parts, { step, run }),
  };
  const answer = journal.progress.answers.get(run.nodeId);
  if (answer !== undefined && answer.visit === run.visit) {
    const { data, timedOut = false } = answer;
    args.resume = { data: values.handOut(data, contextMode), timedOut };
  }
  return args;
}

function nodeLogger({ emit }: RunParts, { step, run }: { step: PreparedStep; run: NodeRun }): NodeLogger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Record<string, unknown>): void =>
      emit({ type: "log", ...run, ...namesOf(step), level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
