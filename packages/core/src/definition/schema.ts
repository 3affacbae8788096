import * as z from "zod/mini";
import { milliseconds } from "../durations.ts";
import type { StandardSchema } from "./standard-schema.ts";

/** How often and how soon a node is tried again in one run. */
export interface RetryPolicy {
  /** Attempts in one run, the first included. Default: 1. */
  maxAttempts?: number;
  /** Milliseconds before the second attempt. Default: 1,000. */
  backoffMs?: number;
  /** What the wait is multiplied by for every further attempt. Default: 2. */
  backoffFactor?: number;
  /** The longest wait, in milliseconds. Default: 60,000. */
  maxBackoffMs?: number;
}

/** One step of a workflow. */
export interface WorkflowNode {
  id: string;
  /** Which executor runs it. Default: "default". */
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
  /** Which of the source's outputs it leaves from; absent or null: taken whatever the source decides. */
  sourceHandle?: string | null;
  targetHandle?: string | null;
}

/** A workflow, in React Flow's own shape. */
export interface WorkflowDefinition<Input = unknown> {
  id: string;
  name?: string;
  nodes: WorkflowNode[];
  edges: WorkflowEdge[];
  /** Types and validates `initialData`: any Standard Schema. What it makes of the data is what the nodes see. */
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
