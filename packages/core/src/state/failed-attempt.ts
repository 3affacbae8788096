import type { NodeRun } from "./node-run.ts";
import { afterNode, type NodeAttempts, type Progress, type RecordParts, withEntry } from "./progress.ts";

/** Returns the progress after a failed attempt. With `handles`, the execution has continued over the failure. */
export function afterFailedAttempt(
  before: Progress,
  failed: NodeRun & { readonly attempt: number },
  parts: RecordParts,
): Progress {
  if (parts.handles !== undefined) return afterNode(before, failed, parts);
  const { begin, retry } = parts;
  const { nodeId, attempt } = failed;
  const { countedFrom } = before.attempts.get(nodeId) ?? {};
  const attempts: NodeAttempts = {
    attempt,
    ...(countedFrom === undefined ? {} : { countedFrom }),
    ...(retry === undefined ? {} : { failures: retry.failures, retryAtMs: retry.atMs }),
  };
  return { ...before, begin, attempts: withEntry(before.attempts, nodeId, attempts), children: undefined };
}
