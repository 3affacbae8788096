import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { fromReactFlow, isWorkflowError, type WorkflowDefinition, WorkflowError } from "@waymark/core";
import * as z from "zod";
import { type Fault, faultSchema } from "../server/faults.ts";
import { importN8n, type N8nImport } from "./n8n.ts";
import { isN8nExport } from "./n8n-export.ts";

/** What a bundled workflow says about how to try it: the `playground` field beside its canvas. */
const scenarioSchema = z.strictObject({
  /** The initial data. */
  input: z.record(z.string(), z.unknown()).default({}),
  /** How the services misbehave in every run: they are slow, as a rule. */
  faults: z.array(faultSchema).default([]),
  /** What interrupts a run. Default: a node fails half-way. */
  interruption: z
    .union([
      z.strictObject({ faults: z.array(faultSchema).min(1) }),
      z.strictObject({ budgetMs: z.number().positive() }),
    ])
    .optional(),
});

/** What cuts a run off, by the scenario. */
export type ScenarioInterruption = { faults: Fault[] } | { budgetMs: number };

/** A workflow, read and ready to be compared. */
export interface LoadedWorkflow {
  workflow: WorkflowDefinition;
  title: string;
  format: "react-flow" | "n8n";
  input: Record<string, unknown>;
  faults: Fault[];
  interruption?: ScenarioInterruption | undefined;
  /** What the import has to say, for n8n exports. */
  n8n?: N8nImport;
}

/** How a file is read. */
export interface ParseOptions {
  /** Node types that are there to be run, whatever they are called. */
  ownTypes?: readonly string[];
}

/** Nodes of a canvas that are there for the reader. */
const DECORATION = new Set(["note", "stickyNote", "comment", "annotation", "group"]);

/**
 * Reads a workflow file: a saved React Flow canvas or an n8n export, told apart by their shape.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT (no such file), WORKFLOW_INVALID, WORKFLOW_EMPTY, WORKFLOW_CYCLE,
 *   DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE; the message begins with the file's name
 */
export async function readWorkflowFile(path: string, options: ParseOptions = {}): Promise<LoadedWorkflow> {
  const value = await readJson(path);
  try {
    return parseWorkflow(value, basename(path).replace(/\.json$/i, "") || "workflow", options);
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    throw new WorkflowError(error.code, `${path}: ${error.message}`, { details: error.details, cause: error });
  }
}

/** Reads a JSON file. @throws {WorkflowError} INVALID_ARGUMENT, WORKFLOW_INVALID */
export async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : (error as Error).message;
    throw new WorkflowError("INVALID_ARGUMENT", `${path}: ${reason}.`, { cause: error });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new WorkflowError("WORKFLOW_INVALID", `${path}: not JSON: ${(error as Error).message}.`, { cause: error });
  }
}

/** Makes a workflow from a parsed file; `fallbackId` is its id where it has none. */
export function parseWorkflow(value: unknown, fallbackId: string, options: ParseOptions = {}): LoadedWorkflow {
  if (isN8nExport(value)) {
    const n8n = importN8n(value, { fallbackId });
    return {
      workflow: n8n.workflow,
      title: n8n.workflow.name ?? fallbackId,
      format: "n8n",
      input: {},
      faults: [],
      n8n,
    };
  }
  const canvas = value as { id?: unknown; name?: unknown; playground?: unknown; nodes: []; edges: [] } | null;
  if (typeof canvas !== "object" || canvas === null || !Array.isArray(canvas.nodes) || !Array.isArray(canvas.edges)) {
    throw new WorkflowError(
      "WORKFLOW_INVALID",
      'Neither a React Flow canvas (lists "nodes" and "edges") nor an n8n export ("nodes" and "connections").',
    );
  }
  const id = typeof canvas.id === "string" && canvas.id !== "" ? canvas.id : fallbackId;
  const isDecoration = (type: string) => DECORATION.has(type) && !options.ownTypes?.includes(type);
  const workflow = fromReactFlow(id, canvas, { ignore: (node: { type?: string }) => isDecoration(node?.type ?? "") });
  const scenario = scenarioSchema.safeParse(canvas.playground ?? {});
  if (!scenario.success) {
    const [issue] = scenario.error.issues;
    const where = ["playground", ...(issue?.path ?? [])].join(".");
    throw new WorkflowError("WORKFLOW_INVALID", `${where}: ${issue?.message ?? "not valid"}.`);
  }
  return {
    workflow,
    title: typeof canvas.name === "string" ? canvas.name : id,
    format: "react-flow",
    ...scenario.data,
  };
}
