import { defineWorkflow, type WorkflowDefinition } from "@waymark/core";
import { type N8nConnection, type N8nExport, type N8nNode, readN8nExport } from "./n8n-export.ts";

/** The node data that the import writes, for an executor of an n8n node type to read. */
export interface N8nNodeData extends Record<string, unknown> {
  parameters: Record<string, unknown>;
  /** The nodes whose output this one is given, in the order of its inputs. */
  inputs: string[];
  /** The outputs that lead somewhere, as source handles. */
  outputs: string[];
  /** The output that takes errors, if it leads somewhere. */
  errorOutput?: string;
  /** Pinned items. */
  pinned?: unknown;
  /** What is plugged in by connections other than `main`, by kind. */
  attached?: Record<string, AttachedNode[]>;
}

/** A node that is a part of another one's configuration: a model, a tool, a memory. */
export interface AttachedNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  attached?: Record<string, AttachedNode[]>;
}

/** What became of an n8n export. */
export interface N8nImport {
  workflow: WorkflowDefinition;
  /** `main` connections in the export; those kept and those dropped add up to it. */
  mainConnections: number;
  /** Connections that name a node which does not exist (or is a note), of any kind. */
  dangling: N8nConnection[];
  /** Names of nodes that became data of others. */
  attached: string[];
  /** Names that more than one node has; connections by that name go to the first. */
  repeatedNames: string[];
  stickyNotes: number;
}

/** The type of a node that is switched off, whatever it would be: it hands on to its first output. */
export const DISABLED_TYPE = "n8n.disabled";

const STICKY_NOTE = "n8n-nodes-base.stickyNote";

/** Core takes ids up to 512 characters; some room is left for a number. */
const MAX_ID_LENGTH = 500;

/**
 * Makes a workflow from an n8n export.
 *
 * - A node's id is its name, made unique; its type stays n8n's own, or {@link DISABLED_TYPE}.
 * - Every `main` connection between existing nodes is an edge: the output's index is its `sourceHandle`, the input's
 *   index its `targetHandle`.
 * - Nodes with none but other connections (models, tools) become data of the nodes they are plugged into.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, WORKFLOW_CYCLE
 */
export function importN8n(value: unknown, options: { fallbackId: string }): N8nImport {
  const source = readN8nExport(value);
  const notes = source.nodes.filter((node) => node.type === STICKY_NOTE);
  const nodes = source.nodes.filter((node) => node.type !== STICKY_NOTE);
  const { byName, repeatedNames } = indexByName(nodes);
  const connected: Link[] = [];
  const dangling: N8nConnection[] = [];
  for (const connection of source.connections) {
    const from = byName.get(connection.source);
    const to = byName.get(connection.target);
    if (from === undefined || to === undefined) dangling.push(connection);
    else connected.push({ from, to, kind: connection.kind, output: connection.output, input: connection.input });
  }
  const links = { into: Map.groupBy(connected, ({ to }) => to), from: Map.groupBy(connected, ({ from }) => from) };
  const steps = findSteps(nodes, connected, links);
  const ids = giveIds(nodes);
  const id = (node: N8nNode) => ids.get(node) as string;
  const edges = connected.filter((link) => link.kind === "main");
  const workflow = defineWorkflow({
    id: source.id ?? options.fallbackId,
    name: source.name ?? options.fallbackId,
    nodes: nodes
      .filter((node) => steps.has(node))
      .map((node) => ({
        id: id(node),
        name: id(node),
        type: node.disabled ? DISABLED_TYPE : node.type,
        data: dataOf(node, { source, links, id }),
      })),
    edges: edges.map((link, index) => ({
      id: `e${index + 1}`,
      source: id(link.from),
      target: id(link.to),
      sourceHandle: String(link.output),
      targetHandle: String(link.input),
    })),
  });
  return {
    workflow,
    mainConnections: source.connections.filter(({ kind }) => kind === "main").length,
    dangling,
    attached: nodes.filter((node) => !steps.has(node)).map(id),
    repeatedNames,
    stickyNotes: notes.length,
  };
}

/** A connection between two existing nodes. */
interface Link {
  from: N8nNode;
  to: N8nNode;
  kind: string;
  output: number;
  input: number;
}

/** The connections of each node. */
interface Links {
  into: ReadonlyMap<N8nNode, Link[]>;
  from: ReadonlyMap<N8nNode, Link[]>;
}

function indexByName(nodes: readonly N8nNode[]) {
  const byName = new Map<string, N8nNode>();
  const repeated = new Set<string>();
  for (const node of nodes) {
    if (byName.has(node.name)) repeated.add(node.name);
    else byName.set(node.name, node);
  }
  return { byName, repeatedNames: [...repeated] };
}

/** The nodes that run: all but those that are only plugged, directly or through others, into nodes that run. */
function findSteps(nodes: readonly N8nNode[], connected: readonly Link[], { into }: Links): Set<N8nNode> {
  const inMain = new Set(connected.filter(({ kind }) => kind === "main").flatMap(({ from, to }) => [from, to]));
  const pluggedIn = new Set(connected.filter(({ kind }) => kind !== "main").map(({ from }) => from));
  const steps = new Set(nodes.filter((node) => inMain.has(node) || !pluggedIn.has(node)));
  const reached = new Set<N8nNode>(steps);
  // A set grows while it is walked, and the walk takes what was added.
  for (const node of reached) {
    for (const { kind, from } of into.get(node) ?? []) if (kind !== "main") reached.add(from);
  }
  for (const node of nodes) if (!reached.has(node)) steps.add(node);
  return steps;
}

function giveIds(nodes: readonly N8nNode[]): Map<N8nNode, string> {
  const ids = new Map<N8nNode, string>();
  const taken = new Set<string>();
  for (const node of nodes) {
    const name = node.name.toWellFormed().replaceAll("\0", "").slice(0, MAX_ID_LENGTH).toWellFormed() || "(unnamed)";
    let id = name;
    for (let number = 2; taken.has(id); number++) id = `${name} (${number})`;
    taken.add(id);
    ids.set(node, id);
  }
  return ids;
}

function dataOf(
  node: N8nNode,
  { source, links, id }: { source: N8nExport; links: Links; id: (node: N8nNode) => string },
): N8nNodeData {
  const incoming = (links.into.get(node) ?? []).filter(({ kind }) => kind === "main");
  const outgoing = (links.from.get(node) ?? []).filter(({ kind }) => kind === "main");
  const outputs = [...new Set(outgoing.map(({ output }) => output))].sort((a, b) => a - b);
  const inputs = incoming.toSorted((a, b) => a.input - b.input).map(({ from }) => id(from));
  const attached = attachedTo(node, links.into, [node]);
  const errorOutput = node.hasErrorOutput ? ownOutputs(node) : undefined;
  return {
    parameters: node.parameters,
    inputs: [...new Set(inputs)],
    outputs: outputs.map(String),
    ...(errorOutput !== undefined && outputs.includes(errorOutput) ? { errorOutput: String(errorOutput) } : {}),
    ...(source.pinData.has(node.name) ? { pinned: source.pinData.get(node.name) } : {}),
    ...(attached === undefined ? {} : { attached }),
  };
}

/** How many outputs a node has of its own: n8n puts the error output behind them. A switch has as many as it has rules. */
function ownOutputs(node: N8nNode): number | undefined {
  if (node.type === "n8n-nodes-base.switch") return undefined;
  return node.type === "n8n-nodes-base.if" ? 2 : 1;
}

function attachedTo(
  node: N8nNode,
  into: Links["into"],
  path: readonly N8nNode[],
): Record<string, AttachedNode[]> | undefined {
  const plugs = (into.get(node) ?? []).filter(({ kind, from }) => kind !== "main" && !path.includes(from));
  if (plugs.length === 0) return undefined;
  const byKind = Object.groupBy(plugs, ({ kind }) => kind);
  const entries = Object.entries(byKind).map(([kind, ofKind = []]) => {
    const parts = ofKind.map(({ from }) => {
      const attached = attachedTo(from, into, [...path, from]);
      return { name: from.name, type: from.type, parameters: from.parameters, ...(attached && { attached }) };
    });
    return [kind, parts] as const;
  });
  return Object.fromEntries(entries);
}
