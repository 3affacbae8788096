import * as z from "zod/mini";
import { milliseconds } from "../durations.ts";
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
   * What follows if a process dies while the node runs, or just before it. `retry` (default) starts the node again.
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
  /** A Standard Schema that types and validates `initialData`. The nodes get the schema's output. */
  input?: StandardSchema<Input, unknown>;
}

/** The fields of a {@link RetryPolicy}. @internal */
export const retryFields: Readonly<Record<keyof RetryPolicy, z.ZodMiniType>> = {
  maxAttempts: z.optional(
    z
      .number()
      .check(z.refine((value) => Number.isSafeInteger(value) && value > 0, "must be a whole number, 1 or more")),
  ),
  backoffMs: z.optional(milliseconds),
  backoffFactor: z.optional(z.number().check(z.refine((value) => value >= 1, "must be 1 or more"))),
  maxBackoffMs: z.optional(milliseconds),
  jitter: z.optional(z.number().check(z.refine((value) => value >= 0 && value <= 1, "must be from 0 to 1"))),
  retryOn: z.optional(z.array(z.string())),
  onCrash: z.optional(z.enum(["retry", "fail"])),
};
