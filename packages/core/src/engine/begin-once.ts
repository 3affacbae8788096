import type { Journal } from "../state/journal.ts";
import type { RecordParts } from "../state/progress.ts";

/**
 * Returns the parts of a record that an attempt of a node is about to begin, for nodes that must not start twice.
 *
 * - `inFlight`: all nodes that are in flight then.
 */
export function beginOnce(
  journal: Pick<Journal, "progress">,
  nodeId: string,
  inFlight: readonly string[],
): Pick<RecordParts, "begin" | "attempts"> {
  const { attempt, retryAtMs } = journal.progress.attempts.get(nodeId) ?? {};
  // Otherwise it would still be on record as waiting for this attempt.
  const rested = attempt === undefined || retryAtMs === undefined ? {} : { attempts: [{ nodeId, attempt }] };
  return { begin: inFlight, ...rested };
}
