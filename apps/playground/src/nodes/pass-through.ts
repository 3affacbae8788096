import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { type NodeExecutor, route, type WorkflowDefinition } from "@waymark/core";
import type { N8nNodeData } from "../import/n8n.ts";
import { canonicalJson } from "../values/canonical-json.ts";
import { NodePlaces } from "./node-places.ts";

/** n8n node types that use all of their outputs during a run. */
const USES_ALL_OUTPUTS = new Set(["n8n-nodes-base.compareDatasets"]);

/** Names that builders use for the output that takes errors. */
const ERROR_OUTPUTS = new Set(["error", "onerror", "fail", "failure", "fail-branch", "catch"]);

/** The visits of a node after which it leaves its loop, if one of its outputs leads out of it. */
const MAX_VISITS = 5;

/** The item that a node without an executor makes. */
interface MadeItem {
  json: { node: string; type: string; digest: string };
}

/**
 * Makes the executor for nodes without one, such as those of other tools.
 *
 * - Its output is the node's pinned data, else one item with a digest of its type, its data, its inputs, and its visit in
 *   a loop. So any difference upstream shows downstream, and every run has the same output.
 * - Of several outputs it takes one, chosen by the digest, and never the error output. It takes all outputs if the
 *   node's type uses all. In a loop it takes an output that leads out of it after a few visits, so that loops end.
 * - If there is nothing to choose, it returns a plain context, which any old executor understands.
 */
export function createPassThrough(workflow: WorkflowDefinition): NodeExecutor {
  const places = new NodePlaces(workflow);
  return async ({ context, node, visit = 1 }) => {
    // Without this, a run of only such nodes would block all timers, and exceed every time limit.
    await turn();
    const { inputs: _, outputs: __, errorOutput, pinned, ...data } = (node.data ?? {}) as Partial<N8nNodeData>;
    const given = places.inputsOf(node.id).map((id) => (Object.hasOwn(context, id) ? context[id] : null));
    const digest = createHash("sha256")
      .update(canonicalJson([node.type ?? null, data, given, ...(visit > 1 ? [visit] : [])]))
      .digest("hex");
    const made: MadeItem = { json: { node: node.id, type: node.type ?? "default", digest: digest.slice(0, 16) } };
    const next = { ...context, [node.id]: pinned ?? [made] };
    const outputs = places.outputsOf(node.id);
    const open = outputs.filter((handle) => handle !== errorOutput && !ERROR_OUTPUTS.has(handle.toLowerCase()));
    const isChoice = open.length > 1 && !USES_ALL_OUTPUTS.has(node.type ?? "");
    if (!isChoice) return open.length === outputs.length ? next : route(next, open);
    const out = visit > MAX_VISITS ? open.filter((handle) => !places.leadsBack(node.id, handle)) : [];
    const among = out.length > 0 ? out : open;
    return route(next, among[Number.parseInt(digest.slice(0, 8), 16) % among.length] as string);
  };
}

/** Returns true for an item that a node without an executor made. */
export function isMade(item: unknown): item is MadeItem {
  const { json } = (item ?? {}) as Partial<MadeItem>;
  return typeof json?.node === "string" && typeof json.digest === "string";
}
