import { createHash } from "node:crypto";
import { type NodeExecutor, route } from "@waymark/core";
import { DISABLED_TYPE, type N8nNodeData } from "../import/n8n.ts";
import { canonicalJson } from "../values/canonical-json.ts";

/** n8n nodes that use all of their outputs in the course of a run. */
const USES_ALL_OUTPUTS = new Set(["n8n-nodes-base.splitInBatches", "n8n-nodes-base.compareDatasets"]);

/**
 * Stands in for an n8n node that has no executor here.
 *
 * - Its output is what was pinned to the node, else one item with a digest of its type, its parameters and the outputs
 *   it was given: any difference upstream shows downstream, and every run gives the same.
 * - Of several connected outputs it takes one, chosen by the digest; never the error output; all of them where the
 *   node's type uses all.
 * - Where there is nothing to choose it returns a plain context, which any old executor understands.
 */
export const passThrough: NodeExecutor = ({ context, node }) => {
  const data = node.data as N8nNodeData;
  const given = data.inputs.map((id) => (Object.hasOwn(context, id) ? context[id] : null));
  const digest = createHash("sha256")
    .update(canonicalJson([node.type, data.parameters, data.attached ?? null, given]))
    .digest("hex");
  const output = data.pinned ?? [{ json: { node: node.id, type: node.type, digest: digest.slice(0, 16) } }];
  const next = { ...context, [node.id]: output };
  if (node.type === DISABLED_TYPE) return route(next, "0");
  const open = data.outputs.filter((handle) => handle !== data.errorOutput);
  const isChoice = open.length > 1 && !USES_ALL_OUTPUTS.has(node.type ?? "");
  const taken = isChoice ? [open[Number.parseInt(digest.slice(0, 8), 16) % open.length] as string] : open;
  return taken.length === data.outputs.length ? next : route(next, taken);
};
