import { quoted } from "@waymark/core/store";
import { isRecord } from "./drawings.ts";
import type { Dropped } from "./dropped.ts";
import type { N8nNode } from "./n8n-export.ts";

/** Notes that the workflow which a node runs is not in the file, or is not run as a part of this one. */
export function noteSubWorkflow(
  node: N8nNode,
  { name, inFile }: { name: string; inFile: readonly string[] },
  dropped: Dropped,
): void {
  const child = childOf(node);
  if (child === undefined)
    dropped.add("sub-workflows that the export does not name, so their nodes are passed through", name);
  else if (!inFile.includes(child)) {
    dropped.add(`the child workflow ${quoted(child)} is missing in the file, so the node is passed through`, name);
  } else {
    dropped.add(`the child workflow ${quoted(child)} is compared by itself, and the node is passed through`, name);
  }
}

/** Reads the id of the workflow that a node runs: a text, or a value of n8n's list of workflows. */
function childOf({ parameters: { workflowId } }: N8nNode): string | undefined {
  const id = isRecord(workflowId) ? workflowId.value : workflowId;
  return typeof id === "string" && id !== "" && !id.startsWith("=") ? id : undefined;
}
