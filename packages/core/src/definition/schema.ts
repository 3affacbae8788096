import { milliseconds } from "../durations.ts";
import { numberFrom, type OptionTable, oneOf, optional, texts, wholeNumber } from "../option.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** The number of attempts of a node, and the waits between them. */
export interface RetryPolicy {
  /**
   * The attempts of one visit that may fail before the node has failed for good, counted over all runs until somebody
   * resumes the failed execution. An attempt that a crash or an abort cuts off has not failed. Default: 1.
   */
  maxAttempts?: number;
  /** Milliseconds between the first failure and the second attempt. Default: 1,000. */
  backoffMs?: number;
  /** The factor by which the wait grows before each further attempt. Default: 2. */
  backoffFactor?: number;
  /** The longest wait, in milliseconds. Default: 60,000. */
  maxBackoffMs?: number;
  /** The part of each wait, from 0 to 1, of which a random share is left out. A RetryAfterError has none. Default: 0.1. */
  jitter?: number;
  /** Only errors with one of these names or codes are tried again. Default: all. */
  retryOn?: string[];
  /**
   * The consequence if a process dies while the node runs, or just before it. `retry` (default) starts the node again.
   * `fail` makes the crash the node's failure, with the code NODE_CRASHED: it is not started again.
   */
  onCrash?: "retry" | "fail";
}

/** One step of a workflow. */
export interface WorkflowNode {
  id: string;
  /** The name of the executor that runs the node. Default: "default". */
  type?: string;
  name?: string;
  data?: Record<string, unknown>;
  retry?: RetryPolicy;
  timeoutMs?: number;
  /**
   * A disabled node does not run. Where it would run, the edges of its first output are taken, and those without a
   * handle. The first output is the first that its type declares, else that of the first of its edges that has one. It
   * never starts an execution. Default: false.
   */
  disabled?: boolean;
  /**
   * The consequence once the last attempt of the node has failed. Default: `fail`.
   *
   * - `fail`: the execution fails.
   * - `continue`: it continues by the node's first output, as if the node were disabled.
   * - `route`: it takes only the edges whose `sourceHandle` is `error`. A result without `route()` takes all others.
   *
   * In the last two cases the context gets the failure as `error`: `{ nodeId, nodeName, visit, code, message, attempts }`.
   */
  onError?: "fail" | "continue" | "route";
}

/** A connection from one node to another. */
export interface WorkflowEdge {
  id?: string;
  source: string;
  target: string;
  /** The output of the source from which the edge leaves. If absent or null, the edge is taken for every output. */
  sourceHandle?: string | null;
  targetHandle?: string | null;
}

/** A workflow, in React Flow's own shape. */
export interface WorkflowDefinition<Input = unknown> {
  id: string;
  name?: string;
  nodes: WorkflowNode[];
  edges: WorkflowEdge[];
  /**
   * The most runs of nodes in one execution, over all its runs. The one that would exceed it does not start, and the
   * execution fails with NODE_RUN_LIMIT. Default: 10,000, or the number of nodes if that is more.
   */
  maxNodeRuns?: number;
  /** A Standard Schema that types and validates `initialData`. The nodes get the schema's output. */
  input?: StandardSchema<Input, unknown>;
}

/** The fields of a {@link RetryPolicy}. */
export const retryFields: OptionTable<RetryPolicy> = {
  maxAttempts: optional(wholeNumber(1)),
  backoffMs: optional(milliseconds),
  backoffFactor: optional(numberFrom(1, Number.MAX_VALUE, "a number, 1 or more")),
  maxBackoffMs: optional(milliseconds),
  jitter: optional(numberFrom(0, 1, "a number from 0 to 1")),
  retryOn: optional(texts),
  onCrash: optional(oneOf("retry", "fail")),
};

/** What a retry policy must be, for messages. */
export const RETRY_FORM = "an object such as { maxAttempts: 3 }";
