import { defineWorkflow, type WorkflowDefinition, WorkflowError } from "@waymark/core";
import { listed } from "@waymark/core/store";
import { Dropped } from "./dropped.ts";
import { type AttachedNode, Attachments } from "./n8n-attached.ts";
import { type N8nConnection, type N8nExport, type N8nNode, readN8nExport } from "./n8n-export.ts";
import { nameOutputs } from "./n8n-outputs.ts";
import { chooseStart } from "./n8n-start.ts";
import { type CalledWorkflows, type N8nChild, readSubWorkflow, subWorkflowType } from "./n8n-sub-workflow.ts";
import { N8N_WAIT, SUB_WORKFLOW } from "./n8n-types.ts";
import { type N8nWait, readN8nWait } from "./n8n-wait.ts";
import { fitName, UniqueNames } from "./names.ts";
import { reachedFrom } from "./reached.ts";
import { type DrawnLink, findSkipped } from "./skipped.ts";
import { sourcesOf } from "./through-disabled.ts";

/** The node data that the import writes for executors of n8n node types. */
export interface N8nNodeData extends Record<string, unknown> {
  parameters: Record<string, unknown>;
  /** n8n's version of the type. Absent for the first one. */
  version?: number;
  /** The nodes whose outputs this node receives, in the order of its inputs. A disabled node passes on its input. */
  inputs: string[];
  /** The connected outputs, as source handles. */
  outputs: string[];
  /** The output that takes errors, if it is connected: "error". */
  errorOutput?: string;
  /** How a Wait node suspends. */
  wait?: N8nWait;
  /** How an Execute Workflow node runs its child. */
  child?: N8nChild;
  /** Pinned items. */
  pinned?: unknown;
  /** The plugged-in parts, by the kind of their connections. */
  attached?: Record<string, AttachedNode[]>;
}

/** The result of an n8n import. */
export interface N8nImport {
  workflow: WorkflowDefinition;
  /** The node that a run starts at, if the workflow has other nodes that it could start at. */
  startAt?: string;
  /** The ids of the workflows that its nodes run. */
  children: string[];
  /** The number of `main` connections in the export: edges and those in `unused` together. */
  mainConnections: number;
  /** Connections that were left out, because an end does not exist or does not run. */
  unused: N8nConnection[];
  /** The names of nodes that became data of other nodes. */
  attached: string[];
  /** What the import could not keep, as sentences. */
  dropped: string[];
}

/** The options of an n8n import. */
export interface N8nOptions {
  /** The id of a workflow without one. */
  fallbackId: string;
  /** The node that a run starts at, by id or name. Default: the first enabled trigger. */
  start?: string | undefined;
  /** The workflows of the file, which nodes may run. Default: these nodes are passed through. */
  called?: CalledWorkflows | undefined;
}

/**
 * Makes a workflow from an n8n export.
 *
 * - A node's id is its name, made unique. Its type is n8n's own.
 * - Every `main` connection between nodes that can run is an edge. Its `sourceHandle` names the output ("error", "item" and
 *   "done" of a loop, else the index); its `targetHandle` is the input's index.
 * - Nodes that have only other connections (models, tools) become data of the nodes that they are plugged into.
 * - A disabled trigger starts nothing, and nodes that only it leads to are left out. Any other disabled node passes its
 *   input to its first output.
 * - A run starts at one trigger.
 * - It takes time and memory in proportion to the export.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, WORKFLOW_EMPTY, INVALID_ARGUMENT (`start`)
 */
export function importN8n(value: unknown, { fallbackId, start, called }: N8nOptions): N8nImport {
  const dropped = new Dropped();
  const source = readN8nExport(value, dropped);
  const { links, dangling } = connect(source, dropped);
  const isStep = findSteps(source.nodes, links);
  const steps = source.nodes.filter((node) => isStep.has(node));
  const main = links.filter(({ kind }) => kind === "main");
  const skipped = findSkipped(steps, main);
  const running = steps.filter((node) => !skipped.has(node));
  noteWhatRuns(steps, { main, skipped }, dropped);
  if (steps.length > 0 && running.length === 0) throw nothingStarts(steps);

  const parentId = fitName(source.id ?? fallbackId, "workflow");
  const ids = giveIds(source.nodes);
  const id = (node: N8nNode) => ids.get(node) as string;
  const canRun = (link: Link) => !(link.isClosed || skipped.has(link.from) || skipped.has(link.to));
  const sources = new Set(main.filter(canRun).map(({ from }) => from));
  const first = chooseStart(steps, { wanted: start, skipped, idOf: id, leadsOn: (node) => sources.has(node) }, dropped);
  // Nothing leads to a trigger in n8n's editor.
  const isTaken = (link: Link) => canRun(link) && !(link.to === first && first.isTrigger);
  const taken = main.filter(isTaken);
  noteStart({ steps: running, taken, first }, dropped);
  const incoming = Map.groupBy(taken, ({ to }) => to);
  const outgoing = Map.groupBy(taken, ({ from }) => from);
  const plugs = links.filter(({ kind }) => kind !== "main");
  const attachments = new Attachments(
    Map.groupBy(plugs, ({ to }) => to),
    dropped,
  );
  const attached = source.nodes.filter((node) => !isStep.has(node));
  noteParts(attached, dropped);
  const names = new Map(
    running.map((node) => {
      const outputs = [...new Set((outgoing.get(node) ?? []).map(({ output }) => output))].sort((a, b) => a - b);
      return [node, nameOutputs(node, outputs)];
    }),
  );
  const inputsOf = (node: N8nNode) =>
    (incoming.get(node) ?? [])
      .toSorted((a, b) => a.input - b.input)
      .map(({ from, input }) => ({ from, input: String(input) }));
  const dataOf = (node: N8nNode): N8nNodeData => {
    const outputs = [...(names.get(node)?.values() ?? [])].filter((name) => name !== undefined);
    const parts = attachments.of(node);
    const inputs = sourcesOf(node, { inputsOf, isDisabled: ({ disabled }) => disabled }).map(id);
    const isCall = called !== undefined && node.type === SUB_WORKFLOW && !node.disabled;
    const child = isCall ? readSubWorkflow(node, { name: id(node), parentId, inputs }, called, dropped) : undefined;
    return {
      parameters: node.parameters,
      ...(node.version === 1 ? {} : { version: node.version }),
      inputs,
      outputs,
      ...(outputs.includes("error") ? { errorOutput: "error" } : {}),
      ...(node.type === N8N_WAIT && !node.disabled ? { wait: readN8nWait(node, dropped) } : {}),
      ...(child === undefined ? {} : { child }),
      ...(source.pinData.has(node.name) ? { pinned: source.pinData.get(node.name) } : {}),
      ...(parts === undefined ? {} : { attached: parts }),
    };
  };
  const workflow = defineWorkflow({
    id: parentId,
    name: fitName(source.name ?? fallbackId, "workflow"),
    nodes: running.map((node) => {
      const data = dataOf(node);
      return {
        id: id(node),
        name: id(node),
        type: data.child === undefined ? node.type : subWorkflowType(parentId, id(node)),
        data,
        ...(node.disabled ? { disabled: true } : policiesOf(node)),
      };
    }),
    edges: taken.map((link, index) => {
      const sourceHandle = names.get(link.from)?.get(link.output);
      return {
        id: `e${index + 1}`,
        source: id(link.from),
        target: id(link.to),
        ...(sourceHandle === undefined ? {} : { sourceHandle }),
        targetHandle: String(link.input),
      };
    }),
  });
  const hasOtherStarts = running.some((node) => node !== first && !node.disabled && !incoming.has(node));
  return {
    workflow,
    ...(first !== undefined && (hasOtherStarts || incoming.has(first)) ? { startAt: id(first) } : {}),
    children: [...new Set(workflow.nodes.flatMap(({ data }) => (data as N8nNodeData).child?.workflowId ?? []))],
    mainConnections: source.connections.filter(({ kind }) => kind === "main").length,
    unused: [...dangling, ...main.filter((link) => !isTaken(link)).map(({ connection }) => connection)],
    attached: attached.map(id),
    dropped: dropped.toList(),
  };
}

/** A connection between two existing nodes. */
interface Link extends DrawnLink<N8nNode> {
  kind: string;
  output: number;
  input: number;
  connection: N8nConnection;
}

/** Connects the nodes. If several nodes have one name, connections by that name go to the first. */
function connect({ nodes, connections }: N8nExport, dropped: Dropped): { links: Link[]; dangling: N8nConnection[] } {
  const byName = new Map<string, N8nNode>();
  for (const node of nodes) {
    if (byName.has(node.name)) dropped.add("several nodes have this name, so connections go to the first", node.name);
    else byName.set(node.name, node);
  }
  const links: Link[] = [];
  const dangling: N8nConnection[] = [];
  for (const connection of connections) {
    const { source, target, kind, output, input } = connection;
    const from = byName.get(source);
    const to = byName.get(target);
    if (from === undefined || to === undefined) {
      dropped.add("connections with a missing end, left out", `${source} -> ${target} (${kind})`);
      dangling.push(connection);
    } else {
      // A disabled node passes its input to its first output, and to no other.
      const isClosed = kind === "main" && from.disabled && output > 0;
      links.push({ from, to, kind, output, input, isClosed, connection });
    }
  }
  return { links, dangling };
}

/** Returns the nodes that run: all except those that are only plugged into others, directly or indirectly. */
function findSteps(nodes: readonly N8nNode[], links: readonly Link[]): Set<N8nNode> {
  const inMain = new Set(links.filter(({ kind }) => kind === "main").flatMap(({ from, to }) => [from, to]));
  const plugs = links.filter(({ kind }) => kind !== "main");
  const pluggedIn = new Set(plugs.map(({ from }) => from));
  const steps = new Set(nodes.filter((node) => inMain.has(node) || !pluggedIn.has(node)));
  const into = Map.groupBy(plugs, ({ to }) => to);
  const reached = reachedFrom(steps, (node) => (into.get(node) ?? []).map(({ from }) => from));
  for (const node of nodes) if (!reached.has(node)) steps.add(node);
  return steps;
}

function giveIds(nodes: readonly N8nNode[]): Map<N8nNode, string> {
  const names = new UniqueNames();
  return new Map(nodes.map((node) => [node, names.take(fitName(node.name, "(unnamed)"))]));
}

function noteWhatRuns(
  steps: readonly N8nNode[],
  { main, skipped }: { main: readonly Link[]; skipped: ReadonlySet<N8nNode> },
  dropped: Dropped,
): void {
  const linked = new Set(main.map(({ to }) => to));
  for (const node of steps) {
    const isStart = node.isTrigger || !linked.has(node);
    if (skipped.has(node) && node.disabled && isStart)
      dropped.add("disabled start nodes, which start nothing", node.name);
    else if (skipped.has(node)) dropped.add("left out, because only disabled nodes lead to them", node.name);
    else if (node.disabled) dropped.add("disabled nodes, which pass on their input", node.name);
  }
}

/** Notes the nodes that no run reaches from its start, apart from triggers and what only they lead to. */
function noteStart(
  { steps, taken, first }: { steps: readonly N8nNode[]; taken: readonly Link[]; first: N8nNode | undefined },
  dropped: Dropped,
): void {
  if (first === undefined) return;
  const linked = new Set(taken.map(({ to }) => to));
  for (const node of steps) {
    if (node === first || node.isTrigger || node.disabled || linked.has(node)) continue;
    dropped.add("never run, as in n8n, because no trigger leads to them", node.name);
  }
}

function policiesOf({ retry, onError }: N8nNode): Pick<WorkflowDefinition["nodes"][number], "retry" | "onError"> {
  return { ...(retry === undefined ? {} : { retry }), ...(onError === undefined ? {} : { onError }) };
}

function noteParts(attached: readonly N8nNode[], dropped: Dropped): void {
  for (const node of attached) {
    dropped.add("parts of other nodes' data, which do not run by themselves", node.name);
    if (node.retry !== undefined) dropped.add("retries of parts of other nodes are not applied", node.name);
  }
}

function nothingStarts(steps: readonly N8nNode[]): WorkflowError {
  const names = steps.filter(({ disabled }) => disabled).map(({ name }) => name);
  return new WorkflowError("WORKFLOW_EMPTY", `No node can start, because these nodes are disabled: ${listed(names)}.`);
}
