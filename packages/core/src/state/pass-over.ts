import type { FailureRecord } from "../store/checkpoint-store.ts";
import { afterRecord, type DraftState } from "./draft-state.ts";
import { afterFailedAttempt } from "./failed-attempt.ts";
import type { Journal } from "./journal.ts";
import type { ComposedCheckpoint, ComposeOptions, NodeEntry } from "./journal-entries.ts";
import { refuseTooLarge } from "./node-payload.ts";
import type { PresentRuns } from "./progress.ts";
import { changesPayload } from "./write-payload.ts";

/** A node that has failed for good, and over which the execution continues. */
export interface PassedOver {
  entry: NodeEntry & { error: FailureRecord };
  /** The outputs that are taken. */
  handles: readonly string[];
  /** What the context gets. */
  changes: Record<string, unknown>;
  present: () => PresentRuns | undefined;
  /** As in {@link ComposeOptions}. */
  cleared: ComposeOptions["cleared"];
}

/**
 * Makes the checkpoint of a failure over which the execution continues. Changes nothing.
 *
 * - It is one error record. If a snapshot is due, it is an error record and a snapshot of the node's run: otherwise a
 *   loop whose node always fails would never write one.
 *
 * @throws {WorkflowError} STATE_NOT_SERIALIZABLE, PAYLOAD_TOO_LARGE
 */
export function composePassedOver(
  journal: Journal,
  { entry, handles, changes, present, cleared }: PassedOver,
): ComposedCheckpoint[] {
  const { surroundings, state, changed } = journal.tried(changes, cleared);
  const { codec, store } = surroundings;
  const { error: _error, ...completed } = entry;
  const failed = errorRecord(changesPayload(codec, state.unsaved), state, {});
  const change = { context: changed.context };
  const next = journal.compose({ ...completed, handles }, { isStep: true, change, on: failed.after, present });
  if (next.kind === "snapshot") return [failed, next];
  const payload = changesPayload(codec, changed.unsaved, { handles });
  refuseTooLarge(store, payload);
  return [errorRecord(payload, changed, { handles })];

  function errorRecord(
    payload: string,
    before: DraftState,
    parts: { handles?: readonly string[] },
  ): ComposedCheckpoint & { stepNumber: number } {
    const progress = afterFailedAttempt(before.progress, entry, parts);
    const isStep = parts.handles !== undefined;
    const stepNumber = before.currentStep + 1;
    const growth = isStep && entry.visit === 1 ? entry.nodeId.length + 3 : 0;
    const currentStep = isStep ? stepNumber : before.currentStep;
    const after = afterRecord(before, { kind: "error", payload, progress, growth, currentStep });
    return { kind: "error", payload, entry, before: state, after, stepNumber };
  }
}
