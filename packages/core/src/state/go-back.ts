import { WorkflowError } from "../errors.ts";
import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import type { Codec } from "./codec.ts";
import type { Journal } from "./journal.ts";
import { restoreState } from "./restore.ts";

/**
 * Puts an execution back to where it was before a node last completed, and writes that. The history stays.
 *
 * - Takes all records. A node that has not completed needs no going back where it is the next one anyway.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT where the node has not run
 */
export async function goBackTo(
  journal: Journal,
  { nodeId, codec, records }: { nodeId: string; codec: Codec; records: readonly CheckpointRecord[] },
): Promise<void> {
  const index = records.findLastIndex(
    (record) => record.nodeId === nodeId && (record.kind === "delta" || record.kind === "snapshot"),
  );
  if (index < 1) {
    throw new WorkflowError(
      "INVALID_ARGUMENT",
      `Execution "${journal.executionId}" has no checkpoint of node "${nodeId}" to go back to.`,
      { executionId: journal.executionId, details: { nodeId } },
    );
  }
  const { context, ran } = restoreState(codec, records.slice(0, index));
  journal.replaceContext(context);
  journal.currentStep = ran.length;
  await journal.save({}, { ran });
}
