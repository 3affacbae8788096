import * as z from "zod/mini";
import { WorkflowError } from "../errors.ts";
import { compileGraph } from "./graph.ts";
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

const storable = z.refine<string>(
  (value) => value.isWellFormed() && !value.includes("\0"),
  "must be well-formed Unicode without U+0000",
);
const text = z.string().check(
  z.refine((value) => value.length > 0 && value.length <= 512, "must be 1 to 512 characters"),
  storable,
);

/** Milliseconds, zero or more. @internal */
export const milliseconds: z.ZodMiniType<number> = z
  .number()
  .check(z.refine((value) => value >= 0, "must not be negative"));

/** Milliseconds, more than zero. @internal */
export const positiveMs: z.ZodMiniType<number> = z
  .number()
  .check(z.refine((value) => value > 0, "must be more than zero"));

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

const nodeSchema = z.object({
  id: text,
  type: z.optional(text),
  name: z.optional(z.string().check(storable)),
  data: z.optional(z.custom<Record<string, unknown>>(isPlainObject, "must be an object")),
  retry: z.optional(z.object(retryFields)),
  timeoutMs: z.optional(positiveMs),
});

const edgeSchema = z.object({
  id: z.optional(z.string()),
  source: z.string(),
  target: z.string(),
  sourceHandle: z.optional(z.nullable(z.string())),
  targetHandle: z.optional(z.nullable(z.string())),
});

const definitionSchema = z.object({
  id: text,
  name: z.optional(z.string()),
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema),
});

/**
 * Checks a workflow's shape and graph, and drops the fields that a canvas adds (position, style).
 *
 * - Does not know which node types have an executor; that is checked when an execution starts.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, WORKFLOW_CYCLE
 *
 * @example
 * ```ts
 * const greet = defineWorkflow({
 *   id: "greet",
 *   nodes: [{ id: "ask", type: "http" }, { id: "answer", type: "llm" }],
 *   edges: [{ source: "ask", target: "answer" }],
 * });
 * ```
 */
export function defineWorkflow<const Id extends string, Input = unknown>(
  definition: WorkflowDefinition<Input> & { id: Id },
): WorkflowDefinition<Input> & { id: Id } {
  const { input } = definition ?? {};
  const parsed = parseDefinition(definition) as WorkflowDefinition<Input> & { id: Id };
  compileGraph(parsed);
  return input === undefined ? parsed : { ...parsed, input };
}

/** Checks the shape only. @throws {WorkflowError} WORKFLOW_INVALID */
export function parseDefinition(definition: unknown): WorkflowDefinition {
  const parsed = definitionSchema.safeParse(definition);
  if (parsed.success) return dropUndefined(parsed.data) as WorkflowDefinition;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
  );
  const id = isPlainObject(definition) && typeof definition.id === "string" ? ` "${definition.id}"` : "";
  throw new WorkflowError("WORKFLOW_INVALID", `Workflow${id} is not well formed: ${problems.join("; ")}.`, {
    details: { problems },
  });
}

function dropUndefined(definition: z.output<typeof definitionSchema>): unknown {
  const compact = <T extends object>(value: T): T =>
    Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
  return { ...compact(definition), nodes: definition.nodes.map(compact), edges: definition.edges.map(compact) };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
