import { WorkflowError } from "../errors.ts";
import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import { applyOperation } from "./apply-operation.ts";
import { type Codec, isTagged } from "./codec.ts";
import { parsePayload, type RanNode, snapshotPayload } from "./payload.ts";

/** What a suspended node was resumed with. */
export interface ResumedNode {
  nodeId: string;
  data: unknown;
}

/** An execution's state, put together from its records. */
export interface RestoredState {
  context: Record<string, unknown>;
  ran: RanNode[];
  attempts: Map<string, number>;
  resumed?: ResumedNode | undefined;
  /** False where no text of the state holds anything beside plain JSON. */
  tagged: boolean;
  /** Characters: of the state's text (about), of the snapshot, and of what follows it. */
  stateSize: number;
  snapshotSize: number;
  changesSize: number;
}

/**
 * Puts a state together from a snapshot and the records after it.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED, STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function restoreState(codec: Codec, records: readonly CheckpointRecord[]): RestoredState {
  let state: RestoredState | undefined;
  for (const record of records) {
    const parsed = parsePayload(codec, record.payload);
    const size = record.payload.length;
    if (parsed.kind === "snapshot") {
      const { context, ran, attempts } = parsed;
      state = { context, ran, attempts, stateSize: size, snapshotSize: size, changesSize: 0, tagged: false };
      continue;
    }
    if (state === undefined) break;
    for (const operation of parsed.operations) {
      state.context = applyOperation(codec, state.context, operation) as Record<string, unknown>;
    }
    state.changesSize += size;
    if (parsed.ran !== undefined) state.ran = parsed.ran;
    if (parsed.begun !== undefined) state.attempts.set(parsed.begun.nodeId, parsed.begun.attempt);
    if (parsed.resumed !== undefined) state.resumed = parsed.resumed;
    if (record.kind === "error") state.attempts.set(record.nodeId, record.attempt);
    if (record.kind === "delta") {
      state.ran.push(
        parsed.handles === undefined ? { nodeId: record.nodeId } : { nodeId: record.nodeId, handles: parsed.handles },
      );
      state.attempts.delete(record.nodeId);
      if (state.resumed?.nodeId === record.nodeId) state.resumed = undefined;
    }
  }
  if (state !== undefined) {
    state.tagged = records.some(({ payload }) => isTagged(payload));
    if (state.changesSize > 0)
      state.stateSize = snapshotPayload({ ...state, contextText: codec.encode(state.context) }).length;
    return state;
  }
  throw new WorkflowError("STATE_CORRUPT", "The history does not begin with a snapshot.");
}
