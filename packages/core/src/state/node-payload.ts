import type { CheckpointKind, CheckpointStore } from "../store/checkpoint-store.ts";
import { payloadTooLarge } from "../store/checks.ts";
import type { DraftState } from "./draft-state.ts";
import type { NodeEntry } from "./journal-entries.ts";
import { atSnapshot, type Progress, type RecordParts } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";
import { snapshotIsDue } from "./text-sizes.ts";
import { changesPayload, snapshotPayload } from "./write-payload.ts";

/** The payload of a node that has completed. For a snapshot: also the progress that it holds. */
interface NodePayload {
  kind: CheckpointKind;
  payload: string;
  progress?: Progress;
}

/**
 * Writes the payload of a node that has completed: a snapshot if one is due, else a delta. A snapshot that is too large
 * for the store is left out for another delta.
 *
 * @throws {WorkflowError} PAYLOAD_TOO_LARGE
 */
export function nodePayload(
  { codec, store, historyLimit }: Surroundings,
  { context, unsaved, sizes }: DraftState,
  { held, before, entry, parts }: { held: () => Progress; before: Progress; entry: NodeEntry; parts: RecordParts },
): NodePayload {
  const { nodeId, handles } = entry;
  const payload = changesPayload(codec, unsaved, parts);
  // A text is at least as many bytes as characters.
  const mayFit = sizes.state <= store.capabilities.maxPayloadBytes;
  if (mayFit && snapshotIsDue(sizes, payload, historyLimit)) {
    const progress = held();
    const snapshot = snapshotPayload(codec, {
      contextText: codec.encode(context),
      progress: atSnapshot(progress, before, nodeId),
      // If the node's round has ended with it, it is not among those that have run.
      ...(progress.ran.last?.nodeId === nodeId ? {} : { handles }),
    });
    if (!exceeds(store, snapshot)) return { kind: "snapshot", payload: snapshot, progress };
  }
  refuseTooLarge(store, payload);
  return { kind: "delta", payload };
}

/** @throws {WorkflowError} PAYLOAD_TOO_LARGE if a store cannot keep a payload */
export function refuseTooLarge(store: CheckpointStore, payload: string): void {
  if (!exceeds(store, payload)) return;
  throw payloadTooLarge("The change", Buffer.byteLength(payload), store.capabilities.maxPayloadBytes);
}

function exceeds({ capabilities: { maxPayloadBytes } }: CheckpointStore, payload: string): boolean {
  return payload.length * 3 > maxPayloadBytes && Buffer.byteLength(payload) > maxPayloadBytes;
}
