import {
  type DefinedNode,
  type NodeExecutor,
  type NodeExecutorArgs,
  NonRetryableError,
  type WorkflowContext,
} from "@waymark/core";
import { quoted } from "@waymark/core/store";
import type { ExecutorTable } from "../nodes/nodes.ts";
import { resultMark } from "../nodes/result-mark.ts";

/** One call of a node's executor. */
export interface NodeRun {
  nodeId: string;
  /** In a loop a node has several visits. Default: 1. */
  visit?: number;
  /** The child execution that it belongs to, and its workflow. Absent for nodes of the workflow itself. */
  child?: { executionId: string; workflowId: string };
  outcome: "completed" | "failed";
  durationMs: number;
  /** The number of requests that the services had recorded before and after it. */
  requests: { from: number; to: number };
  /** True if any request arrived while it ran. */
  hasCalled: boolean;
  error?: unknown;
}

/** The options of a recorded run. */
export interface NodeRecorderOptions {
  /** The workflow that is compared. Nodes of others belong to its children. Default: there are none. */
  workflowId?: string;
  /** Returns the number of requests that the services have recorded. */
  countRequests: () => number;
  /** Returns the number of all requests that have arrived. */
  countReceived: () => number;
  /** The node that does its work and then fails, without a retry. */
  failAfter?: string | undefined;
  /** Validates nodes' data by the schemas of their types. V2 does this by itself. */
  validateData?: boolean;
  /** Cuts the run off when it aborts: nodes under way are aborted, and no node starts. */
  cutOff?: AbortSignal | undefined;
}

/**
 * Records which nodes run, and disturbs them if the options ask for it.
 *
 * - It wraps any executor: for V1, for V2, and for a V1 of the user's that passes fewer arguments to its nodes.
 */
export class NodeRecorder {
  readonly runs: NodeRun[] = [];
  readonly #options: NodeRecorderOptions;
  readonly #underWay = new Set<(outcome: NodeRun["outcome"]) => void>();
  /** The nodes under way that came from V1's own registry. Their executors may call those that V1 received. */
  readonly #ownNodes = new Set<string>();
  #isClosed = false;

  constructor(options: NodeRecorderOptions) {
    this.#options = options;
  }

  /** The time spent in executors, in milliseconds. */
  get executorMs(): number {
    return this.runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }

  /** The nodes of the workflow itself that completed, each once, in the order of their first completion. */
  get completed(): string[] {
    const own = this.runs.filter(({ outcome, child }) => outcome === "completed" && child === undefined);
    return [...new Set(own.map(({ nodeId }) => nodeId))];
  }

  /** Ends the recording. A node that is still under way has failed, and no further node starts. */
  close(): void {
    for (const note of this.#underWay) note("failed");
    this.#isClosed = true;
  }

  wrap(executors: ExecutorTable): ExecutorTable {
    const entries = Object.entries(executors).map(([type, executor]) => {
      // The executor of defineNode has the properties type and dataSchema.
      const recorded: NodeExecutor = Object.assign((args: NodeExecutorArgs) => this.#run(executor, args), executor);
      return [type, recorded] as const;
    });
    return Object.fromEntries(entries);
  }

  /** Runs a node of V1's own registry as one of the wrapped executors. */
  async around(nodeId: string, next: () => unknown): Promise<unknown> {
    const node = { id: nodeId };
    const executor = async () => {
      this.#ownNodes.add(nodeId);
      try {
        return (await next()) as WorkflowContext;
      } finally {
        this.#ownNodes.delete(nodeId);
      }
    };
    return this.#run(executor, { node } as NodeExecutorArgs);
  }

  async #run(executor: NodeExecutor, given: NodeExecutorArgs) {
    const { visit = 1, executionId, workflowId } = given;
    const { workflowId: own = workflowId } = this.#options;
    const isChild = workflowId !== undefined && workflowId !== own;
    const child = isChild ? { child: { executionId, workflowId } } : {};
    const nodeId = given.node?.id;
    if (typeof nodeId !== "string") {
      throw new NonRetryableError("The executor of a node was called without { node }: see the playground's README.");
    }
    if (this.#isClosed) throw new NonRetryableError("The run is over.");
    if (this.#ownNodes.has(nodeId)) return executor(given);
    const { cutOff, failAfter, countRequests, countReceived, validateData } = this.#options;
    const from = countRequests();
    const received = countReceived();
    const startedAt = performance.now();
    const note = (outcome: NodeRun["outcome"], error?: unknown) => {
      if (!this.#underWay.delete(note)) return;
      const durationMs = performance.now() - startedAt;
      const requests = { from, to: countRequests() };
      const hasCalled = countReceived() > received;
      const failure = error === undefined ? {} : { error };
      this.runs.push({ nodeId, visit, ...child, outcome, durationMs, requests, hasCalled, ...failure });
    };
    // A node that does not start has no run.
    if (cutOff?.aborted) throw new NonRetryableError("The time was up.");
    this.#underWay.add(note);
    try {
      const args = validateData
        ? { ...complete(given, cutOff), data: validData(executor, given) }
        : complete(given, cutOff);
      const result = await executor(args);
      if (nodeId === failAfter) {
        throw new NonRetryableError(connectionBroke(nodeId));
      }
      // A node that waits for an answer has not completed.
      note(resultMark(result) === "suspended" ? "failed" : "completed");
      return result;
    } catch (error) {
      note("failed", error);
      throw error;
    }
  }
}

/** The error of a node that did its work and then failed. */
export function connectionBroke(nodeId: string): string {
  return `the connection broke after ${quoted(nodeId)} had done its work`;
}

function validData(executor: NodeExecutor, { node }: NodeExecutorArgs): Record<string, unknown> {
  const { dataSchema } = executor as Partial<DefinedNode<WorkflowContext, Record<string, unknown>>>;
  const data = node.data ?? {};
  if (dataSchema === undefined) return data;
  const result = dataSchema["~standard"].validate(data);
  // V2 ran before and would have refused the data. An asynchronous schema cannot be used here.
  if (result instanceof Promise || result.issues !== undefined)
    throw new NonRetryableError("The data does not fit its schema.");
  return result.value;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const never = new AbortController().signal;

/** Adds the arguments that an old executor does not pass to its nodes. Complete arguments stay as they are. */
function complete(given: NodeExecutorArgs, cutOff: AbortSignal | undefined): NodeExecutorArgs {
  const isComplete = ["data", "log", "attempt", "signal"].every((key) => key in given);
  if (isComplete && cutOff === undefined) return given;
  const signal = given.signal ?? never;
  return {
    ...given,
    data: given.data ?? given.node.data ?? {},
    log: given.log ?? silent,
    attempt: given.attempt ?? 1,
    signal: cutOff === undefined ? signal : AbortSignal.any([signal, cutOff]),
  };
}

/** Names a run of a node, in a loop each visit by itself. Runs in several children of one workflow have the same name. */
export function runName({ nodeId, visit = 1, child }: NamedRun): string {
  const name = child === undefined ? nodeId : `${child.workflowId}/${nodeId}`;
  return visit === 1 ? name : `${name} (visit ${visit})`;
}

/** Identifies a run of a node within an execution and its children. */
export function runKey(run: NamedRun): string {
  return run.child === undefined ? runName(run) : `${run.child.executionId} ${runName(run)}`;
}

type NamedRun = Pick<NodeRun, "nodeId" | "visit" | "child">;
