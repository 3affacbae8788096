import { listedWaits } from "../state/listed-waits.ts";
import type { NodeRun } from "../state/node-run.ts";
import type { NodeWait } from "../state/progress.ts";
import type { HeadUpdate } from "../store/checkpoint-store.ts";
import { nextWaitToken } from "./next-wait-token.ts";
import { nodeNames } from "./node-names.ts";
import type { SuspendedOutcome } from "./node-outcome.ts";
import type { RunParts } from "./run-parts.ts";

/**
 * Returns the wait that a node begins, the head that names it, and all waits that there are then.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE
 */
export function beginWait(
  parts: RunParts,
  run: NodeRun,
  { reason, payload, untilMs, forMs, token }: SuspendedOutcome,
): { wait: NodeWait; head: HeadUpdate; waiting: Iterable<NodeWait> } {
  const { journal, codec } = parts;
  const sinceMs = journal.storeNow();
  const until = untilMs ?? (forMs === undefined ? undefined : journal.storeNowAtMost() + forMs);
  const wait: NodeWait = {
    ...run,
    token: token ?? nextWaitToken(parts, run),
    sinceMs,
    ...(until === undefined ? {} : { untilMs: until }),
    ...(reason === undefined ? {} : { reason }),
    ...(payload === undefined ? {} : { payload: codec.take(payload, ["payload"]).value }),
  };
  const waiting = new Map(journal.progress.waiting).set(run.nodeId, wait);
  return { wait, head: listedWaits(waiting, nodeNames(parts)), waiting: waiting.values() };
}
