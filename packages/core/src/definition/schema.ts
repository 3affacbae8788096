import * as z from "zod/mini";
import { milliseconds } from "../durations.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** The number of attempts of a node in one run, and the waits between them. */
export interface RetryPolicy {
  /** The most attempts in one run, the first included. Default: 1. */
  maxAttempts?: number;
  /** Milliseconds before the second attempt. Default: 1,000. */
  backoffMs?: number;
  /** The factor by which the wait grows before each further attempt. Default: 2. */
  backoffFactor?: number;
  /** The longest wait, in milliseconds. Default: 60,000. */
  maxBackoffMs?: number;
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
};
