import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { type NodeExecutor, route, type WorkflowDefinition } from "@waymark/core";
import { DISABLED_TYPE, type N8nNodeData } from "../import/n8n.ts";
import { canonicalJson } from "../values/canonical-json.ts";

/** n8n node types that use all of their outputs during a run. */
const USES_ALL_OUTPUTS = new Set(["n8n-nodes-base.splitInBatches", "n8n-nodes-base.compareDatasets"]);

/** Names that builders use for the output that takes errors. */
const ERROR_OUTPUTS = new Set(["error", "onerror", "fail", "failure", "fail-branch", "catch"]);

/** The connections of a node. */
interface Place {
  /** The nodes whose outputs it receives, in the order of its inputs, each with the name of the input. */
  inputs: { id: string; handle: string }[];
  /** The handles of its edges. */
  outputs: Set<string>;
}

/**
 * Makes the executor for nodes without one: those of other tools, and disabled ones.
 *
 * - Its output is the node's pinned data, else one item with a digest of its type, its data and its inputs. So any
 *   difference upstream shows downstream, and every run has the same output.
 * - Of several outputs it takes one, chosen by the digest, and never the error output. It takes all outputs if the
 *   node's type uses all.
 * - A disabled node passes on the data of its first input.
 * - If there is nothing to choose, it returns a plain context, which any old executor understands.
 */
export function createPassThrough({ nodes, edges }: WorkflowDefinition): NodeExecutor {
  const places = new Map<string, Place>(nodes.map(({ id }) => [id, { inputs: [], outputs: new Set() }]));
  for (const { source, target, sourceHandle, targetHandle } of edges) {
    places.get(target)?.inputs.push({ id: source, handle: targetHandle ?? "" });
    if (typeof sourceHandle === "string") places.get(source)?.outputs.add(sourceHandle);
  }
  for (const { inputs } of places.values()) inputs.sort((a, b) => Number(a.handle) - Number(b.handle) || 0);
  return async ({ context, node }) => {
    // Without this, a run of only such nodes would block all timers, and exceed every time limit.
    await turn();
    const { inputs, outputs } = places.get(node.id) as Place;
    const read = (id: string) => (Object.hasOwn(context, id) ? context[id] : null);
    if (node.type === DISABLED_TYPE) {
      const first = inputs.filter(({ handle }) => handle === inputs[0]?.handle);
      const given = first.find(({ id }) => Object.hasOwn(context, id));
      return given === undefined ? context : { ...context, [node.id]: read(given.id) };
    }
    const { inputs: _, outputs: __, errorOutput, pinned, ...data } = (node.data ?? {}) as Partial<N8nNodeData>;
    const given = [...new Set(inputs.map(({ id }) => id))].map(read);
    const digest = createHash("sha256")
      .update(canonicalJson([node.type ?? null, data, given]))
      .digest("hex");
    const output = pinned ?? [{ json: { node: node.id, type: node.type ?? "default", digest: digest.slice(0, 16) } }];
    const next = { ...context, [node.id]: output };
    const open = [...outputs].filter((handle) => handle !== errorOutput && !ERROR_OUTPUTS.has(handle.toLowerCase()));
    const isChoice = open.length > 1 && !USES_ALL_OUTPUTS.has(node.type ?? "");
    const taken = isChoice ? [open[Number.parseInt(digest.slice(0, 8), 16) % open.length] as string] : open;
    return taken.length === outputs.size ? next : route(next, taken);
  };
}
