import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import type { LoadedWorkflow } from "../import/workflow-file.ts";
import type { LedgerEntry } from "../server/ledger.ts";

/** Returns the middle one of the nodes with side effects, or of all nodes if none has any. */
export function halfWay(order: readonly string[], requests: readonly Pick<LedgerEntry, "nodeId">[]): string {
  const senders = order.filter((id) => requests.some(({ nodeId }) => nodeId === id));
  const among = senders.length > 0 ? senders : order;
  return among[among.length >> 1] as string;
}

/** Finds the node that `--fail-at` means. @throws {WorkflowError} INVALID_ARGUMENT */
export function findNode(failAt: string, { workflow }: LoadedWorkflow, order: readonly string[]): string {
  const byName = workflow.nodes.filter(({ name }) => name === failAt).map(({ id }) => id);
  const byPlace = /^\d+$/.test(failAt) ? order[Number(failAt) - 1] : undefined;
  const found = [failAt, ...byName, byPlace].find((id) => id !== undefined && order.includes(id));
  if (found !== undefined) return found;
  const exists = workflow.nodes.some(({ id, name }) => id === failAt || name === failAt);
  const node = quoted(failAt);
  const reason = exists ? `node ${node} is skipped with this input` : `there is no node ${node}`;
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `--fail-at: ${reason} (workflow ${quoted(workflow.id)}, ${order.length} nodes run).`,
  );
}
