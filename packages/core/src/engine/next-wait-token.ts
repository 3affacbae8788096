import type { NodeRun } from "../state/node-run.ts";
import { waitTokenOf } from "../state/wait-token.ts";
import type { RunParts } from "./run-parts.ts";

/** Returns the token of a node's next wait in a visit. */
export function nextWaitToken({ journal, secret }: Pick<RunParts, "journal" | "secret">, run: NodeRun): string {
  const { instance = secret(), answers } = journal.progress;
  return waitTokenOf({ id: journal.executionId, instance }, run, answers.get(run.nodeId)?.token);
}
