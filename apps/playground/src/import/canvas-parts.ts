import { type RetryPolicy, WorkflowError, type WorkflowNode } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { type DrawingValue, isRecord } from "./drawings.ts";
import type { Dropped } from "./dropped.ts";
import { parseJson } from "./json-file.ts";
import { readN8nErrorPolicy } from "./n8n-error-policy.ts";
import { readN8nRetry } from "./retry.ts";
import type { DrawnNode } from "./skipped.ts";
import { isDisabled, isOn } from "./switched-on.ts";

/** A checked node of a canvas. */
export interface CanvasNode extends DrawnNode {
  id: string;
  type?: string | undefined;
  data?: Record<string, unknown> | undefined;
  parentId?: string | undefined;
  hidden: boolean;
  /** The fields of the workflow's node beside its type and data. */
  settings: Pick<WorkflowNode, "name" | "retry" | "timeoutMs" | "disabled" | "onError">;
}

/** A checked edge of a canvas. */
export interface CanvasEdge {
  /** Its name in messages. */
  name: string;
  canvas: { id?: string; source: string; target: string; sourceHandle?: string; targetHandle?: string };
  disabled: boolean;
  unknownEnd(end: "source" | "target"): WorkflowError;
}

/** Fields that builders use for the condition of an edge. */
const CONDITION = /^(if|when)$|condition|expression|predicate|guard|filter|probability|delay/i;

/**
 * Reads the nodes and edges of a canvas, without deleted ones.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID, DUPLICATE_NODE_ID
 */
export function readCanvas(value: DrawingValue, dropped: Dropped): { nodes: CanvasNode[]; edges: CanvasEdge[] } {
  const nodes: CanvasNode[] = [];
  const ids = new Set<string>();
  const deleted = new Set<string>();
  for (const [index, raw] of value.nodes.entries()) {
    const node = readNode(raw, index, dropped);
    if (isDeleted(raw as Record<string, unknown>)) {
      dropped.add("deleted nodes, left out", node.id);
      deleted.add(node.id);
      continue;
    }
    if (ids.has(node.id)) throw new WorkflowError("DUPLICATE_NODE_ID", `Two nodes have the id ${quoted(node.id)}.`);
    ids.add(node.id);
    nodes.push(node);
  }
  const edges: CanvasEdge[] = [];
  for (const [index, raw] of (Array.isArray(value.edges) ? value.edges : []).entries()) {
    const edge = readEdge(raw, index, dropped);
    const { source, target } = edge.canvas;
    const isGone = [source, target].some((end) => deleted.has(end) && !ids.has(end));
    if (isGone || isDeleted(raw as Record<string, unknown>)) dropped.add("deleted edges, left out", edge.name);
    else edges.push(edge);
  }
  return { nodes, edges };
}

function readNode(raw: unknown, index: number, dropped: Dropped): CanvasNode {
  if (!isRecord(raw)) throw invalid(`node ${index} is not an object`);
  const id = readText(raw.id);
  if (id === undefined) throw invalid(`node ${index} has no id`);
  const { type, name, timeoutMs } = raw;
  if (type !== undefined && type !== null && typeof type !== "string") {
    throw invalid(`the type of node ${quoted(id)} is not text`);
  }
  const data = readData(raw.data, id);
  const inside = data ?? {};
  const disabled = isDisabled(raw, inside);
  const onError = readErrorPolicy(raw, id, dropped) ?? (raw.onError ? undefined : readN8nErrorPolicy(inside));
  const n8nRetry = () => readN8nRetry(raw, id, dropped) ?? readN8nRetry(inside, id, dropped);
  const retry = (raw.retry ?? n8nRetry()) as RetryPolicy | undefined;
  return {
    id,
    ...(type === undefined || type === null ? {} : { type }),
    ...(data === undefined ? {} : { data }),
    parentId: readText(raw.parentId ?? raw.parentNode),
    disabled,
    isTrigger: false,
    hidden: isOn(raw.hidden),
    settings: {
      ...(typeof name === "string" ? { name } : {}),
      ...(retry === undefined ? {} : { retry }),
      ...(timeoutMs === undefined || timeoutMs === null ? {} : { timeoutMs: timeoutMs as number }),
      ...(disabled ? { disabled } : {}),
      ...(onError === undefined ? {} : { onError }),
    },
  };
}

/** Reads a policy in Waymark's words or in n8n's. */
function readErrorPolicy(raw: Record<string, unknown>, id: string, dropped: Dropped): WorkflowNode["onError"] {
  const { onError } = raw;
  if (onError === "continue" || onError === "route") return onError;
  const isFail = onError === undefined || onError === null || onError === "fail" || onError === "stopWorkflow";
  const policy = readN8nErrorPolicy(raw);
  if (policy === undefined && !isFail) dropped.add("unknown `onError`, so an error ends the run", id);
  return policy;
}

function readData(data: unknown, id: string): Record<string, unknown> | undefined {
  if (data === undefined || data === null) return undefined;
  let value: unknown = data;
  if (typeof data === "string") {
    try {
      value = parseJson(data);
    } catch {
      throw invalid(`the data of node ${quoted(id)} is text, and not JSON`);
    }
  }
  if (!isRecord(value)) throw invalid(`the data of node ${quoted(id)} is not an object`);
  return value;
}

function readEdge(raw: unknown, index: number, dropped: Dropped): CanvasEdge {
  if (!isRecord(raw)) throw invalid(`edge ${index} is not an object`);
  const source = readText(raw.source);
  const target = readText(raw.target);
  const id = readText(raw.id);
  const name = id ?? `${source} -> ${target}`;
  if (source === undefined || target === undefined)
    throw invalid(`edge ${quoted(id ?? index)} names no source or target`);
  const data = isRecord(raw.data) ? raw.data : {};
  const isConditional = [raw, data].some((fields) => Object.entries(fields).some(isCondition));
  if (isConditional) dropped.add("conditions of edges are not evaluated, so these edges are taken", name);
  if (isOn(raw.hidden)) dropped.add("hidden on the canvas, but taken like all other edges", name);
  const disabled = isDisabled(raw, data);
  if (disabled) dropped.add("disabled edges, not taken", name);
  const sourceHandle = readHandle(raw.sourceHandle, name);
  const targetHandle = readHandle(raw.targetHandle, name);
  return {
    name,
    canvas: {
      ...(id === undefined ? {} : { id }),
      source,
      target,
      ...(sourceHandle === undefined ? {} : { sourceHandle }),
      ...(targetHandle === undefined ? {} : { targetHandle }),
    },
    disabled,
    unknownEnd: (end) =>
      new WorkflowError(
        "UNKNOWN_EDGE_NODE",
        `Edge ${quoted(name)} has ${quoted(end === "source" ? source : target)} as its ${end}, but there is no node with this id.`,
      ),
  };
}

function readHandle(value: unknown, edge: string): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const handle = readText(value);
  if (handle === undefined) throw invalid(`a handle of edge ${quoted(edge)} is not text`);
  return handle;
}

function isCondition([key, value]: [string, unknown]): boolean {
  return CONDITION.test(key) && ![undefined, null, "", false, true, 0].includes(value as null);
}

function isDeleted({ deleted, isDeleted, deletedAt }: Record<string, unknown>): boolean {
  return isOn(deleted) || isOn(isDeleted) || (typeof deletedAt === "string" && deletedAt !== "");
}

/** Reads an id: a text, or a number from a database. */
function readText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function invalid(reason: string): WorkflowError {
  return new WorkflowError("WORKFLOW_INVALID", `This canvas cannot be read: ${reason}.`);
}
