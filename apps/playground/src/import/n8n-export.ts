import { type RetryPolicy, WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import { isRecord } from "./drawings.ts";
import type { Dropped } from "./dropped.ts";
import { readN8nErrorPolicy } from "./n8n-error-policy.ts";
import { LOOP_OVER_ITEMS } from "./n8n-types.ts";
import { readN8nRetry } from "./retry.ts";
import type { DrawnNode } from "./skipped.ts";
import { isOn } from "./switched-on.ts";

/** The fields of an n8n node that the import needs. */
export interface N8nNode extends DrawnNode {
  name: string;
  type: string;
  parameters: Record<string, unknown>;
  /** n8n's version of the type: 1 if the export has none. */
  version: number;
  retry?: RetryPolicy | undefined;
  /** Default: a failure ends the run. With `route`, the last output takes the errors. */
  onError?: "continue" | "route" | undefined;
}

/** One connection, with names as in the export. */
export interface N8nConnection {
  source: string;
  target: string;
  /** "main", or the kind of an AI part: "ai_tool", "ai_languageModel". */
  kind: string;
  output: number;
  input: number;
}

/** A flattened n8n export. */
export interface N8nExport {
  id?: string;
  name?: string;
  nodes: N8nNode[];
  connections: N8nConnection[];
  /** Items pinned to nodes, by node name. */
  pinData: ReadonlyMap<string, unknown>;
}

const STICKY_NOTE = "n8n-nodes-base.stickyNote";

/** Trigger types whose names do not end in "Trigger". */
const TRIGGERS = new Set(
  ["start", "webhook", "cron", "interval", "emailReadImap"].map((type) => `n8n-nodes-base.${type}`),
);

/**
 * Reads an n8n export, without its sticky notes.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function readN8nExport(value: unknown, dropped: Dropped): N8nExport {
  if (!isRecord(value) || !Array.isArray(value.nodes) || !isRecord(value.connections)) {
    throw invalid('it needs a list "nodes" and an object "connections"');
  }
  const pinData = isRecord(value.pinData) ? Object.entries(value.pinData) : [];
  const read = value.nodes.map((node, index) => readNode(node, index));
  const steps = read.filter(({ node }) => node.type !== STICKY_NOTE);
  for (const { node, raw } of steps) noteSettings(node, raw, dropped);
  noteWorkflowSettings(value.settings, dropped);
  const notes = read.length - steps.length;
  if (notes > 0) dropped.say(`sticky notes, left out: ${notes}`);
  return {
    ...(isText(value.id) ? { id: value.id } : {}),
    ...(isText(value.name) ? { name: value.name } : {}),
    nodes: steps.map(({ node, raw }) => ({ ...node, retry: readN8nRetry(raw, node.name, dropped) })),
    connections: Object.entries(value.connections).flatMap(([source, kinds]) => readConnections(source, kinds)),
    pinData: new Map(pinData),
  };
}

function readNode(raw: unknown, index: number): { node: N8nNode; raw: Record<string, unknown> } {
  if (!isRecord(raw)) throw invalid(`node ${index} is not an object`);
  const { name, type, typeVersion } = raw;
  if (!isText(type)) throw invalid(`node ${index} has no type`);
  if (name !== undefined && name !== null && typeof name !== "string") {
    throw invalid(`the name of node ${index} is not text`);
  }
  const node = {
    name: name ?? "",
    type,
    parameters: isRecord(raw.parameters) ? raw.parameters : {},
    disabled: isOn(raw.disabled),
    isTrigger: /trigger$/i.test(type) || TRIGGERS.has(type),
    version: typeof typeVersion === "number" && Number.isFinite(typeVersion) ? typeVersion : 1,
    onError: readN8nErrorPolicy(raw),
  };
  return { node, raw };
}

/** Notes the settings that n8n applies and the playground does not. */
function noteSettings({ name, type, parameters }: N8nNode, raw: Record<string, unknown>, dropped: Dropped): void {
  const { onError } = raw;
  const isKnown = ["continueErrorOutput", "continueRegularOutput", "stopWorkflow", undefined, null].includes(
    onError as string,
  );
  if (!isKnown) dropped.add(`unknown "onError" ${quoted(onError)}, not applied`, name);
  const { options } = parameters;
  if (
    type === LOOP_OVER_ITEMS &&
    isRecord(options) &&
    ![undefined, null, false, ""].includes(options.reset as string)
  ) {
    dropped.add('"reset" is not applied, so the loop continues with its items', name);
  }
  if (isOn(raw.executeOnce)) dropped.add('"executeOnce" is not applied, so the node receives all items', name);
  if (isOn(raw.alwaysOutputData))
    dropped.add('"alwaysOutputData" has no effect, because every node has an output here', name);
}

function noteWorkflowSettings(settings: unknown, dropped: Dropped): void {
  if (!isRecord(settings)) return;
  const { errorWorkflow } = settings;
  const executionTimeout = Number(settings.executionTimeout);
  if (isText(errorWorkflow)) dropped.say(`the workflow's error workflow ${quoted(errorWorkflow)} is not applied`);
  if (executionTimeout > 0) {
    dropped.say(`the workflow's timeout of ${executionTimeout} s is not applied`);
  }
}

/** Reads `{ main: [[{ node, type, index }], null, …] }`: per kind a list of outputs, per output a list of targets. */
function readConnections(source: string, kinds: unknown): N8nConnection[] {
  const from = quoted(source);
  if (kinds === null) return [];
  if (!isRecord(kinds)) throw invalid(`the connections of ${from} are not an object`);
  const connections: N8nConnection[] = [];
  for (const [kind, outputs] of Object.entries(kinds)) {
    if (outputs === null) continue;
    if (!Array.isArray(outputs)) throw invalid(`the ${quoted(kind)} connections of ${from} are not a list`);
    outputs.forEach((targets: unknown, output) => {
      if (targets === null || targets === undefined) return;
      if (!Array.isArray(targets)) throw invalid(`output ${output} (${quoted(kind)}) of ${from} is not a list`);
      for (const target of targets as unknown[]) {
        if (target === null) continue;
        if (!isRecord(target) || typeof target.node !== "string") {
          throw invalid(`a ${quoted(kind)} connection of ${from} names no node`);
        }
        const input = readIndex(target.index);
        if (input === undefined)
          throw invalid(`a ${quoted(kind)} connection of ${from} has no whole number as its index`);
        connections.push({ source, target: target.node, kind, output, input });
      }
    });
  }
  return connections;
}

/** Reads a whole number, also as text. */
function readIndex(index: unknown): number | undefined {
  const number = typeof index === "string" && /^\d+$/.test(index) ? Number(index) : (index ?? 0);
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function invalid(reason: string): WorkflowError {
  return new WorkflowError("WORKFLOW_INVALID", `This is not an n8n export: ${reason}.`);
}
