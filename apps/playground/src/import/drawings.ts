import { WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import { parseJson } from "./json-file.ts";

/** A workflow drawing that was found in a file. */
export interface Drawing {
  /** `rows`: nodes, and connections that name their ends by id, as an application keeps them in a database. */
  kind: "react-flow" | "n8n" | "rows";
  /** Has `nodes`, and `edges` or `connections`, as values and not as JSON text. */
  value: DrawingValue;
  /** Its own id, or that of its wrapper. */
  id?: string | undefined;
  name?: string | undefined;
}

/** The fields that all shapes have. */
export interface DrawingValue extends Record<string, unknown> {
  nodes: unknown[];
  edges?: unknown;
  connections?: unknown;
}

/** Fields in which builders and servers store a drawing. They are not names of it. Lower-case letters only. */
const WRAPPERS = new Set(
  (
    "body canvas chart content data definition diagram document export flow flowdata flows graph graphs item items " +
    "json payload project reactflow record records result results row rows state template templates value workflow " +
    "workflowdata workflowdefinition workflowjson workflows"
  ).split(" "),
);

/** Fields for old versions of a drawing and for data of its runs. They are read only if nothing else is found. */
const PAST =
  /^(past|future|previous|old|archived?|deleted)|version|histor|revision|snapshot|backup|undo|redo|(run|result|execution|pin)data$/i;

/** The maximum depth of wrappers, including text that holds JSON. */
const MAX_WRAPPERS = 12;

/**
 * Finds the drawings in a JSON value: the value itself, or in lists, in wrappers, and in text that holds JSON.
 *
 * - It does not look for drawings inside drawings.
 * - `otherItems` counts the items without a drawing, in lists that have drawings.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID: there is none
 */
export function findDrawings(value: unknown): { drawings: Drawing[]; otherItems: number } {
  const others = { count: 0 };
  const drawings = search(value, { label: {}, wrappersLeft: MAX_WRAPPERS, others });
  if (drawings.length > 0) return { drawings, otherItems: others.count };
  throw new WorkflowError(
    "WORKFLOW_INVALID",
    `No workflow found in ${describe(value)}. The playground reads React Flow canvases (lists "nodes" and "edges"), n8n ` +
      'exports ("nodes" and "connections"), and "nodes" with a list "connections" of "fromNodeId" and "toNodeId"; ' +
      "each directly, in a list, in a wrapper, or as JSON text.",
  );
}

type Label = Pick<Drawing, "id" | "name">;

interface Place {
  /** The id and the name of the surrounding value. */
  label: Label;
  wrappersLeft: number;
  /** The number of items without a drawing, in lists that have drawings. */
  others: { count: number };
}

function search(value: unknown, { label, ...place }: Place): Drawing[] {
  const wrappersLeft = place.wrappersLeft - 1;
  if (wrappersLeft < 0) return [];
  if (typeof value === "string") return search(fromText(value), { ...place, label, wrappersLeft });
  if (Array.isArray(value)) {
    // A name above the list does not name its items.
    const inList = { ...place, label: value.length === 1 ? label : {}, wrappersLeft };
    const found = value.map((item) => search(item, inList)).filter((drawings) => drawings.length > 0);
    if (found.length > 0) place.others.count += value.length - found.length;
    return found.flat();
  }
  if (!isRecord(value)) return [];
  const own = { ...label, ...labelOf(value) };
  const drawing = readDrawing(value);
  if (drawing !== undefined) return [{ ...drawing, ...own }];
  const fields = Object.entries(value);
  const within = ([key, item]: [string, unknown]) => {
    const found = search(item, { ...place, label: own, wrappersLeft });
    const isName = !WRAPPERS.has(key.replaceAll(/[^a-z]/gi, "").toLowerCase());
    return isName ? found.map((one) => (one.name === own.name ? { ...one, name: key } : one)) : found;
  };
  const present = distinct(fields.filter(([key]) => !PAST.test(key)).map(within));
  return present.length > 0 ? present : fields.filter(([key]) => PAST.test(key)).flatMap(within);
}

/** Removes copies: some files have the same drawing in two fields, as text and as a value. */
function distinct(byField: readonly Drawing[][]): Drawing[] {
  const filled = byField.filter((drawings) => drawings.length > 0);
  if (filled.length < 2) return filled.flat();
  const textOf = ({ kind, value: { nodes, edges, connections } }: Drawing) =>
    JSON.stringify([kind, nodes, edges, connections]);
  const seen = new Set<string>();
  return filled.flatMap((drawings) => {
    const texts = drawings.map(textOf);
    const isNew = texts.map((text) => !seen.has(text));
    for (const text of texts) seen.add(text);
    return drawings.filter((_, index) => isNew[index]);
  });
}

/** Parses a text that may hold a drawing. */
function fromText(text: string): unknown {
  if (!/^\s*["[{]/.test(text) || !text.includes("nodes")) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function readDrawing(value: Record<string, unknown>): Drawing | undefined {
  if (Array.isArray(value.elements) && value.nodes === undefined) return readElements(value, value.elements);
  const nodes = fromColumn(value.nodes);
  if (!Array.isArray(nodes)) return undefined;
  const edges = fromColumn(value.edges);
  const connections = fromColumn(value.connections);
  const [settings, pinData] = [fromColumn(value.settings), fromColumn(value.pinData)];
  const read = { ...value, nodes, edges, connections, settings, pinData };
  const hasEdges = Array.isArray(edges) && edges.length > 0;
  if (isRecord(connections) && !(hasEdges && Object.keys(connections).length === 0))
    return { kind: "n8n", value: read };
  if (Array.isArray(connections) && !(hasEdges && connections.length === 0)) {
    // Some languages write an empty object as an empty list.
    const isN8n = connections.length === 0 && nodes.some((node) => isRecord(node) && "typeVersion" in node);
    if (isN8n) return { kind: "n8n", value: { ...read, connections: {} } };
    if (connections.length > 0 || !Array.isArray(edges)) return { kind: "rows", value: read };
  }
  return Array.isArray(edges) ? { kind: "react-flow", value: read } : undefined;
}

/** Splits the one list of nodes and edges that early React Flow and Vue Flow write. */
function readElements(value: Record<string, unknown>, elements: readonly unknown[]): Drawing | undefined {
  if (!elements.every((element) => isRecord(element) && element.id !== undefined)) return undefined;
  const isEdge = (element: unknown) => isRecord(element) && element.source !== undefined;
  const nodes = elements.filter((element) => !isEdge(element));
  return { kind: "react-flow", value: { ...value, nodes, edges: elements.filter(isEdge) } };
}

/** Parses a list or an object that a database stored as text. */
function fromColumn(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return parseJson(value);
  } catch {
    return value;
  }
}

/** Finds the name of a drawing, which some formats write beside it. */
function labelOf(value: Record<string, unknown>): Label {
  const said = [value, value.app, value.workflow, value.metadata].filter(isRecord);
  const id = said.map((one) => asText(one.id ?? one._id)).find((one) => one !== undefined);
  const name = said.map((one) => asText(one.name ?? one.title ?? one.label)).find((one) => one !== undefined);
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
}

function asText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) {
    const [first] = value as unknown[];
    if (value.length === 0) return "an empty list";
    return `a list of ${value.length} that begins with ${Array.isArray(first) ? "a list" : describe(first)}`;
  }
  if (!isRecord(value)) return value === null ? "null" : `a ${typeof value === "string" ? "text" : typeof value}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return "an empty object";
  const odd = ["nodes", "edges", "connections"]
    .filter((key) => Object.hasOwn(value, key) && !Array.isArray(value[key]))
    .map((key) => `${quoted(key)} is no list (${typeof value[key]})`);
  return [`an object with ${listed(keys)}`, ...odd].join("; ");
}

/** Returns true if a value is an object with fields, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
