import type { NodeRun } from "../state/node-run.ts";
import type { LogLevel } from "./events.ts";
import { idempotencyKey } from "./idempotency-key.ts";
import { nextWaitToken } from "./next-wait-token.ts";
import type { NodeExecutorArgs, NodeLogger, WorkflowContext } from "./node-executor.ts";
import { namesOf, type PreparedStep } from "./prepared-workflow.ts";
import type { RunParts } from "./run-parts.ts";

/** Makes the arguments of an executor. Those that cost something are made when they are first read. */
export function executorArgs(
  parts: RunParts,
  { step, run, attempt, signal }: { step: PreparedStep; run: NodeRun; attempt: number; signal: () => AbortSignal },
): NodeExecutorArgs<WorkflowContext, unknown> {
  const { journal, values, contextMode } = parts;
  const { executionId, record } = journal;
  const own = <T>(value: T): T => (contextMode === "copy" ? values.copyData(value) : value);
  const args = {
    context: values.handOut(journal.context, contextMode, journal.holdsInstances),
    node: own(step.node),
    data: own(step.data),
    userId: record.userId,
    workflowId: record.workflowId,
    executionId,
    visit: run.visit,
    attempt,
    log: nodeLogger(parts, { step, run }),
  } as NodeExecutorArgs<WorkflowContext, unknown>;
  const source: ArgsSource = { parts, run, signal };
  Object.defineProperty(args, SOURCE, { value: source });
  Object.defineProperty(args, "idempotencyKey", IDEMPOTENCY_KEY);
  Object.defineProperty(args, "waitToken", WAIT_TOKEN);
  Object.defineProperty(args, "signal", SIGNAL);
  const answer = journal.progress.answers.get(run.nodeId);
  if (answer !== undefined && answer.visit === run.visit) {
    const { data, timedOut = false } = answer;
    args.resume = { data: values.handOut(data, contextMode), timedOut };
  }
  return args;
}

/** What the costly arguments are made from. */
interface ArgsSource {
  parts: RunParts;
  run: NodeRun;
  signal: () => AbortSignal;
}

/**
 * The key of the source of an executor's arguments. So all arguments share three accessors: an object that has accessors
 * of its own is slow to make and to read. A copy of the accessors has the source, too.
 */
const SOURCE = Symbol("waymark.source");

function madeFrom(make: (source: ArgsSource) => unknown): PropertyDescriptor {
  return {
    enumerable: true,
    configurable: true,
    get(this: { readonly [SOURCE]: ArgsSource }) {
      return make(this[SOURCE]);
    },
  };
}

const IDEMPOTENCY_KEY = madeFrom(({ parts: { journal }, run }) =>
  idempotencyKey({ id: journal.executionId, instance: journal.progress.instance }, run),
);
const WAIT_TOKEN = madeFrom(({ parts, run }) => nextWaitToken(parts, run));
const SIGNAL = madeFrom(({ signal }) => signal());

function nodeLogger({ emit }: RunParts, { step, run }: { step: PreparedStep; run: NodeRun }): NodeLogger {
  const at =
    (level: LogLevel) =>
    (message: string, fields?: Record<string, unknown>): void =>
      emit({ type: "log", ...run, ...namesOf(step), level, message, ...(fields === undefined ? {} : { fields }) });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
