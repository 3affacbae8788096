import type { FailureRecord } from "../store/checkpoint-store.ts";
import { afterFailedAttempt } from "./failed-attempt.ts";
import type { Journal } from "./journal.ts";
import type { HeadChange, NodeEntry } from "./journal-entries.ts";
import type { RecordParts } from "./progress.ts";

/** Writes the error checkpoint of a node that has failed. The context stays as it was before the node. */
export function commitError(
  journal: Journal,
  entry: NodeEntry & { error: FailureRecord },
  { head = {}, parts = {} }: { head?: HeadChange; parts?: RecordParts } = {},
): Promise<void> {
  const progress = afterFailedAttempt(journal.progress, entry, parts);
  return journal.write("error", entry, { progress, parts, head });
}
