import {
  type DefinedNode,
  type NodeExecutor,
  type NodeExecutorArgs,
  NonRetryableError,
  type WorkflowContext,
} from "@waymark/core";
import { quoted } from "@waymark/core/store";
import type { ExecutorTable } from "../nodes/nodes.ts";

/** One time a node's executor was called. */
export interface NodeRun {
  nodeId: string;
  outcome: "completed" | "failed";
  durationMs: number;
  /** How many requests the services had noted before and after it. */
  requests: { from: number; to: number };
  /** Whether requests of any kind came while it ran. */
  hasCalled: boolean;
  error?: unknown;
}

/** How a recorded run is disturbed. */
export interface RecorderOptions {
  /** How many requests the services have noted. */
  countRequests: () => number;
  /** How many have come, of any kind. */
  countReceived: () => number;
  /** The node whose answer is lost: it does its work, and then fails, for good in this run. */
  failAfter?: string | undefined;
  /** Check and fill in nodes' data by the schemas of their types, which V2 does by itself. */
  validateData?: boolean;
  /** The moment from which nothing goes on: what is under way is aborted, and no node starts. */
  cutOff?: AbortSignal | undefined;
}

/**
 * Notes which nodes run, and disturbs them if told.
 *
 * - Works around any executor, under V1, V2 and a V1 of the user's that hands its nodes less than Waymark does.
 */
export class Recorder {
  readonly runs: NodeRun[] = [];
  readonly #options: RecorderOptions;
  readonly #underWay = new Set<(outcome: NodeRun["outcome"]) => void>();
  #isClosed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** The time spent in executors, in milliseconds. */
  get executorMs(): number {
    return this.runs.reduce((sum, { durationMs }) => sum + durationMs, 0);
  }

  /** The nodes that completed, each once, in the order in which they first did. */
  get completed(): string[] {
    return [...new Set(this.runs.filter(({ outcome }) => outcome === "completed").map(({ nodeId }) => nodeId))];
  }

  /** Ends the recording: a node that is still under way has failed, and no node starts any more. */
  close(): void {
    for (const note of this.#underWay) note("failed");
    this.#isClosed = true;
  }

  wrap(executors: ExecutorTable): ExecutorTable {
    const entries = Object.entries(executors).map(([type, executor]) => {
      // A node made by defineNode carries its type and the schema of its data.
      const recorded: NodeExecutor = Object.assign((args: NodeExecutorArgs) => this.#run(executor, args), executor);
      return [type, recorded] as const;
    });
    return Object.fromEntries(entries);
  }

  async #run(executor: NodeExecutor, given: NodeExecutorArgs) {
    const nodeId = given.node?.id;
    if (typeof nodeId !== "string") {
      throw new NonRetryableError("The executor of a node was called without { node }: see the playground's README.");
    }
    if (this.#isClosed) throw new NonRetryableError("The run is over.");
    const { cutOff, failAfter, countRequests, countReceived, validateData } = this.#options;
    const from = countRequests();
    const received = countReceived();
    const startedAt = performance.now();
    const note = (outcome: NodeRun["outcome"], error?: unknown) => {
      if (!this.#underWay.delete(note)) return;
      const durationMs = performance.now() - startedAt;
      const requests = { from, to: countRequests() };
      const hasCalled = countReceived() > received;
      this.runs.push({ nodeId, outcome, durationMs, requests, hasCalled, ...(error === undefined ? {} : { error }) });
    };
    // A node that never starts is no run of it.
    if (cutOff?.aborted) throw new NonRetryableError("The time was up.");
    this.#underWay.add(note);
    try {
      const args = validateData
        ? { ...complete(given, cutOff), data: validData(executor, given) }
        : complete(given, cutOff);
      const result = await executor(args);
      if (nodeId === failAfter) {
        throw new NonRetryableError(`the connection broke after ${quoted(nodeId)} had done its work`);
      }
      note("completed");
      return result;
    } catch (error) {
      note("failed", error);
      throw error;
    }
  }
}

function validData(executor: NodeExecutor, { node }: NodeExecutorArgs): Record<string, unknown> {
  const { dataSchema } = executor as Partial<DefinedNode<WorkflowContext, Record<string, unknown>>>;
  const data = node.data ?? {};
  if (dataSchema === undefined) return data;
  const result = dataSchema["~standard"].validate(data);
  // V2 has run before and would have refused the data; a schema that has to wait cannot be had here.
  if (result instanceof Promise || result.issues !== undefined) throw new NonRetryableError("The data does not fit.");
  return result.value;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const never = new AbortController().signal;

/** Fills in what an old executor does not hand to its nodes; what is complete is handed on as it is. */
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
