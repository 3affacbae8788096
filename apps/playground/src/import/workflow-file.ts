import { basename } from "node:path";
import { isWorkflowError, type WorkflowDefinition, WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import { withChildType } from "../nodes/child-workflows.ts";
import type { Fault } from "../server/faults.ts";
import { importCanvas } from "./canvas.ts";
import { type Drawing, findDrawings } from "./drawings.ts";
import { readJson } from "./json-file.ts";
import { importN8n, type N8nImport, type N8nNodeData } from "./n8n.ts";
import { WorkflowsOfFile } from "./n8n-called.ts";
import { N8N_WAIT, SUB_WORKFLOW } from "./n8n-types.ts";
import { fitName, UniqueNames } from "./names.ts";
import { canvasOfRows } from "./rows.ts";
import { readScenario, type ScenarioInterruption } from "./scenario.ts";

/** A workflow that is ready to be compared. */
export interface LoadedWorkflow {
  workflow: WorkflowDefinition;
  /** The node that a run starts at. Default: all that no edge leads to. */
  startAt?: string;
  title: string;
  format: Drawing["kind"];
  input: Record<string, unknown>;
  faults: Fault[];
  /** The workflows that nodes of this one run. */
  children: WorkflowDefinition[];
  /** The answers to nodes that wait, by node id. */
  answers: Record<string, unknown>;
  interruption?: ScenarioInterruption | undefined;
  /** Settings of the drawing that the workflow does not have, as sentences. */
  dropped: string[];
  /** Details of an n8n import. */
  n8n?: N8nImport;
}

/** The options for reading files. */
export interface ParseOptions {
  /** Node types that have an executor of the user's, so they always run. */
  ownTypes?: readonly string[] | undefined;
  /** Only these workflows, by id or name. Default: all. */
  workflow?: readonly string[] | undefined;
  /** The node that a run starts at, by id or name. Default: of an n8n export one trigger, else all start nodes. */
  start?: string | undefined;
}

/**
 * Reads workflow files: saved React Flow canvases, n8n exports, rows of nodes and connections.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT (no such file), WORKFLOW_NOT_FOUND (no such workflow), WORKFLOW_INVALID,
 *   WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE; the message begins with the file's name
 */
export async function readWorkflowFiles(
  paths: readonly string[],
  options: ParseOptions = {},
): Promise<LoadedWorkflow[]> {
  const loaded: LoadedWorkflow[] = [];
  const found: NamedDrawing[] = [];
  for (const path of paths) {
    const value = await readJson(path);
    try {
      const inFile = nameDrawings(value, basename(path).replace(/\.json$/i, "") || "workflow");
      found.push(...inFile.drawings);
      loaded.push(...importAll(inFile, options));
    } catch (error) {
      if (!isWorkflowError(error)) throw error;
      throw new WorkflowError(error.code, `${path}: ${error.message}`, { details: error.details, cause: error });
    }
  }
  for (const wanted of options.workflow ?? []) {
    if (found.some((drawing) => isCalled(drawing, wanted))) continue;
    const ids = listed(found.map(({ id }) => id));
    throw new WorkflowError("WORKFLOW_NOT_FOUND", `There is no workflow ${quoted(wanted)}. The files have ${ids}.`);
  }
  return loaded;
}

/** Makes workflows from a parsed file. `fallbackId` is the id of a workflow without one. */
export function parseWorkflows(value: unknown, fallbackId: string, options: ParseOptions = {}): LoadedWorkflow[] {
  return importAll(nameDrawings(value, fallbackId), options);
}

type NamedDrawing = Drawing & { id: string; name: string };

/** The contents of a file. */
interface Found {
  drawings: NamedDrawing[];
  /** Notes about what was left out of the file. */
  leftOut: string[];
}

/** Gives each drawing a unique id. A drawing without nodes is left out, unless it is the only one. */
function nameDrawings(value: unknown, fallbackId: string): Found {
  const { drawings, otherItems } = findDrawings(value);
  const filled = drawings.filter(({ value: { nodes } }) => nodes.length > 0);
  const kept = filled.length > 0 ? filled : drawings.slice(0, 1);
  const empty = drawings.length - kept.length;
  const ids = new UniqueNames();
  return {
    drawings: kept.map((drawing) => {
      const otherwise = kept.length === 1 ? fallbackId : (drawing.name ?? fallbackId);
      const id = ids.take(fitName(drawing.id ?? otherwise, "workflow"));
      return { ...drawing, id, name: fitName(drawing.name ?? id, id) };
    }),
    leftOut: [
      ...(empty === 0 ? [] : [`workflows without nodes, left out: ${empty}`]),
      ...(otherItems === 0 ? [] : [`list items that are not workflows, left out: ${otherItems}`]),
    ],
  };
}

function importAll({ drawings, leftOut }: Found, options: ParseOptions): LoadedWorkflow[] {
  const { workflow: wanted } = options;
  const chosen =
    wanted === undefined ? drawings : drawings.filter((drawing) => wanted.some((name) => isCalled(drawing, name)));
  const within = <T>({ id }: NamedDrawing, load: () => T): T => {
    try {
      return load();
    } catch (error) {
      if (drawings.length === 1 || !isWorkflowError(error)) throw error;
      const message = `workflow ${quoted(id)}: ${error.message}`;
      throw new WorkflowError(error.code, message, { details: error.details, cause: error });
    }
  };
  // The user's own executor of Execute Workflow decides what it runs.
  const called: WorkflowsOfFile | undefined = options.ownTypes?.includes(SUB_WORKFLOW)
    ? undefined
    : new WorkflowsOfFile(
        drawings.filter(({ kind }) => kind === "n8n"),
        ({ id, name, value }, start) => importN8n({ ...value, id, name }, { fallbackId: id, start, called }),
      );
  return chosen.map((drawing, index) => {
    const loaded = within(drawing, () => importDrawing(drawing, { ...options, called }));
    return index === 0 ? { ...loaded, dropped: [...loaded.dropped, ...leftOut] } : loaded;
  });
}

function isCalled({ id, name }: NamedDrawing, wanted: string): boolean {
  return id === wanted || name === wanted;
}

function importDrawing(
  { kind, value, id, name }: NamedDrawing,
  { ownTypes = [], start, called }: ParseOptions & { called: WorkflowsOfFile | undefined },
): LoadedWorkflow {
  const { children: drawn, ...read } = readScenario(value.playground);
  const children = drawn.map((child) => importCanvas(child, { id: child.id, name: child.id, ownTypes }).workflow);
  const scenario = { ...read, children };
  if (kind === "n8n") {
    const n8n = importN8n({ ...value, id, name }, { fallbackId: id, start, called });
    const { workflow, startAt } = n8n;
    const run = called?.allIn(n8n) ?? [];
    const dropped = [
      ...n8n.dropped,
      ...run.flatMap((child) => child.dropped.map((what) => `in workflow ${quoted(child.workflow.id)}: ${what}`)),
    ];
    const answers = { ...answersTo(n8n, { called, ownTypes }), ...scenario.answers };
    const begin = startAt === undefined ? {} : { startAt };
    const inFile = run.map((child) => child.workflow);
    return { workflow, ...begin, title: name, format: kind, ...scenario, children: inFile, answers, dropped, n8n };
  }
  const canvas = kind === "rows" ? canvasOfRows(value) : value;
  const { workflow, ...imported } = importCanvas(canvas, { id, name, ownTypes, start });
  const nodes = workflow.nodes.map(withChildType);
  return { ...imported, workflow: { ...workflow, nodes }, title: name, format: kind, ...scenario };
}

/** Answers all nodes that may wait: the playground's own Wait nodes, and those that run workflows with such nodes. */
function answersTo(
  { workflow }: N8nImport,
  { called, ownTypes }: { called: WorkflowsOfFile | undefined; ownTypes: readonly string[] },
): Record<string, unknown> {
  // Nobody knows what an answer to a node of the user's does.
  if (ownTypes.includes(N8N_WAIT)) return {};
  const waits = ({ nodes }: WorkflowDefinition) => nodes.some(({ data }) => data?.wait !== undefined);
  const mayWait = ({ wait, child }: Partial<N8nNodeData>) => {
    const runs = child === undefined ? [] : (called?.allIn({ children: [child.workflowId] }) ?? []);
    return wait !== undefined || runs.some((each) => waits(each.workflow));
  };
  const nodes = workflow.nodes.filter(({ data }) => mayWait(data as N8nNodeData));
  return Object.fromEntries(nodes.map(({ id }) => [id, { answered: id }]));
}
