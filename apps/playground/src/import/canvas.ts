import { defineWorkflow, fromReactFlow, type WorkflowDefinition, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { type CanvasEdge, type CanvasNode, readCanvas } from "./canvas-parts.ts";
import { refuseContainers } from "./containers.ts";
import type { DrawingValue } from "./drawings.ts";
import { Dropped } from "./dropped.ts";
import { type DrawnLink, findSkipped } from "./skipped.ts";

/** The result of a canvas import. */
export interface CanvasImport {
  workflow: WorkflowDefinition;
  /** The node that a run starts at, if the caller names one. */
  startAt?: string;
  /** What the import could not keep, as sentences. */
  dropped: string[];
}

/** The options of a canvas import. */
export interface CanvasOptions {
  id: string;
  name: string;
  /** Node types that have an executor of the user's, so they always run. */
  ownTypes?: readonly string[] | undefined;
  /** The node that a run starts at, by id or name. Default: all that no edge leads to. */
  start?: string | undefined;
}

/** Types of notes, in small letters and without "node". */
const NOTES = new Set(["note", "stickynote", "comment", "annotation", "customnote", "textnote"]);

/** Types of nodes that only draw a frame around others. */
const FRAMES = new Set(["group", "frame", "section", "lane", "swimlane", "labeledgroup"]);

type Link = DrawnLink<CanvasNode> & { edge: CanvasEdge };

/**
 * Makes a workflow from a React Flow canvas, or from rows in its shape.
 *
 * - Notes and frames are left out. A note between two other nodes stays a node, so that the order stays the same.
 * - A disabled start node starts nothing. Any other disabled node passes its input to its first output.
 * - Nodes inside any container but a plain frame are refused: Waymark would run them once, as a part of the whole.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, DUPLICATE_NODE_ID, UNKNOWN_EDGE_NODE, INVALID_ARGUMENT
 *   (`start`)
 */
export function importCanvas(value: DrawingValue, { id, name, ownTypes = [], start }: CanvasOptions): CanvasImport {
  const dropped = new Dropped();
  const { nodes, edges } = readCanvas(value, dropped);
  const own = new Set(ownTypes);
  const kindOf = (node: CanvasNode) => {
    const plain = (node.type ?? "").toLowerCase().replaceAll(/[^a-z]/g, "");
    const kind = plain.replace(/node$/, "");
    if (own.has(node.type ?? "")) return "step";
    return FRAMES.has(kind) ? "frame" : NOTES.has(kind) ? "note" : "step";
  };
  const links = connect(nodes, edges);
  const from = new Set(links.filter((link) => kindOf(link.to) === "step").map((link) => link.from));
  const to = new Set(links.filter((link) => kindOf(link.from) === "step").map((link) => link.to));
  const isStep = (node: CanvasNode) => kindOf(node) === "step" || (from.has(node) && to.has(node));
  const steps = nodes.filter(isStep);
  const isFrame = (node: CanvasNode) => kindOf(node) === "frame" && !from.has(node) && !to.has(node);
  refuseContainers(nodes, { isStep, isFrame }, dropped);

  const between = links.filter((link) => isStep(link.from) && isStep(link.to));
  for (const link of links) {
    if (!(isStep(link.from) && isStep(link.to))) dropped.add("edges of notes and frames, left out", link.edge.name);
  }
  const skipped = findSkipped(steps, between);
  const running = steps.filter((node) => !skipped.has(node));
  noteWhatRuns(nodes, { isStep, skipped, linked: new Set(between.map((link) => link.to)) }, dropped);
  if (steps.length > 0 && running.length === 0) {
    throw new WorkflowError("WORKFLOW_EMPTY", "No node can start: all start nodes are disabled.");
  }
  const taken = between.filter((link) => !(link.isClosed || skipped.has(link.from) || skipped.has(link.to)));
  const canvas = { nodes: running, edges: taken.map(({ edge }) => edge.canvas) };
  const drawn = fromReactFlow(id, canvas);
  const settings = new Map(running.map((node) => [node.id, node.settings]));
  const withSettings = drawn.nodes.map((node) => ({ ...settings.get(node.id), ...node }));
  const { maxNodeRuns } = value;
  const workflow = defineWorkflow({
    ...drawn,
    name,
    nodes: withSettings,
    ...(maxNodeRuns === undefined || maxNodeRuns === null ? {} : { maxNodeRuns: maxNodeRuns as number }),
  });
  const startAt = start === undefined ? {} : { startAt: findStart(workflow, start) };
  return { workflow, ...startAt, dropped: dropped.toList() };
}

/** @throws {WorkflowError} INVALID_ARGUMENT */
function findStart({ nodes }: WorkflowDefinition, wanted: string): string {
  const found = nodes.find(({ id }) => id === wanted) ?? nodes.find(({ name }) => name === wanted);
  if (found !== undefined && found.disabled !== true) return found.id;
  const reason = found === undefined ? "is not there, or no run reaches it" : "is disabled";
  throw new WorkflowError("INVALID_ARGUMENT", `--start: node ${quoted(wanted)} ${reason}.`);
}

/** Finds the nodes that edges lead to. @throws {WorkflowError} UNKNOWN_EDGE_NODE */
function connect(nodes: readonly CanvasNode[], edges: readonly CanvasEdge[]): Link[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const firstHandle = new Map<string, string>();
  for (const { canvas } of edges) {
    const { source, sourceHandle } = canvas;
    if (sourceHandle !== undefined && !firstHandle.has(source)) firstHandle.set(source, sourceHandle);
  }
  return edges.map((edge) => {
    const { source, target, sourceHandle } = edge.canvas;
    const from = byId.get(source);
    const to = byId.get(target);
    if (from === undefined || to === undefined) throw edge.unknownEnd(from === undefined ? "source" : "target");
    const isOtherOutput = from.disabled && sourceHandle !== undefined && sourceHandle !== firstHandle.get(source);
    return { from, to, edge, isClosed: edge.disabled || isOtherOutput };
  });
}

function noteWhatRuns(
  nodes: readonly CanvasNode[],
  parts: { isStep: (node: CanvasNode) => boolean; skipped: ReadonlySet<CanvasNode>; linked: ReadonlySet<CanvasNode> },
  dropped: Dropped,
): void {
  const { isStep, skipped, linked } = parts;
  for (const node of nodes) {
    if (!isStep(node)) dropped.add("notes and frames, left out", node.id);
    else if (skipped.has(node) && node.disabled && !linked.has(node))
      dropped.add("disabled start nodes, which start nothing", node.id);
    else if (skipped.has(node)) dropped.add("left out, because only disabled nodes and edges lead to them", node.id);
    else if (node.disabled) dropped.add("disabled nodes, which pass on their input", node.id);
    else if (node.hidden) dropped.add("hidden on the canvas, but run like all others", node.id);
  }
}
