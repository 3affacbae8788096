import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import { Draft } from "./apply-operation.ts";
import { type Codec, isTagged } from "./codec.ts";
import { corruptHistory, readingRecord } from "./corrupt.ts";
import { asContext, type ParsedPayload, parsePayload, type RanNode, snapshotPayload } from "./payload.ts";
import { isSealed, recordIsIntact } from "./record-seal.ts";

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
  /** False if no text of the state holds anything beside plain JSON. */
  tagged: boolean;
  /** Characters: of the state's text (about), of the snapshot, and of what follows it. */
  stateSize: number;
  snapshotSize: number;
  changesSize: number;
}

/**
 * Puts a state together from a snapshot and the records after it. A later snapshot begins it anew.
 *
 * - Reads every record, so what it returns can be relied on. Takes records that `checkRecords` has checked.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED, STATE_CORRUPT, STATE_TYPE_UNKNOWN
 */
export function restoreState(codec: Codec, executionId: string, records: readonly CheckpointRecord[]): RestoredState {
  const restoring = new Restoring(codec, executionId);
  for (const record of records) readingRecord(record.seq, () => restoring.take(record));
  return restoring.finish(records.at(-1)?.seq ?? 0);
}

class Restoring {
  readonly #codec: Codec;
  readonly #executionId: string;
  #draft: Draft;
  #state: RestoredState | undefined;
  /** Some part of the state has no checksum, so it may be one that no codec has written. */
  #isDoubtful = false;

  constructor(codec: Codec, executionId: string) {
    this.#codec = codec;
    this.#executionId = executionId;
    this.#draft = new Draft(codec, {});
  }

  take(record: CheckpointRecord): void {
    const isIntact = () => !isSealed(record.id) || recordIsIntact(record.id, record, this.#executionId);
    const parsed = parsePayload(this.#codec, record.payload, isIntact);
    if ((record.kind === "snapshot") !== (parsed.kind === "snapshot")) {
      throw corruptHistory("its payload is of another kind", { seq: record.seq });
    }
    if (parsed.kind === "snapshot") this.#begin(record, parsed);
    else this.#continue(record, parsed);
  }

  finish(newestSeq: number): RestoredState {
    const state = this.#state;
    if (state === undefined) throw corruptHistory("it has no snapshot");
    state.context = this.#draft.finish() as Record<string, unknown>;
    const sizeOf = () => snapshotPayload({ ...state, contextText: this.#codec.encode(state.context) }).length;
    if (this.#isDoubtful) state.stateSize = readingRecord(newestSeq, sizeOf);
    else if (state.changesSize > 0) state.stateSize = sizeOf();
    return state;
  }

  #begin(record: CheckpointRecord, { context, ran, attempts }: ParsedPayload & { kind: "snapshot" }): void {
    if (record.nodeId !== (record.seq === 0 ? "" : ran.at(-1)?.nodeId)) {
      throw corruptHistory("its payload is of another node", { seq: record.seq });
    }
    const size = record.payload.length;
    const tagged = isTagged(record.payload);
    this.#draft = new Draft(this.#codec, context);
    this.#state = { context, ran, attempts, stateSize: size, snapshotSize: size, changesSize: 0, tagged };
    this.#isDoubtful = !isSealed(record.id);
  }

  #continue(record: CheckpointRecord, changes: ParsedPayload & { kind: "changes" }): void {
    const state = this.#state;
    if (state === undefined) throw corruptHistory("no snapshot stands before it", { seq: record.seq });
    const { nodeId, kind } = record;
    for (const operation of changes.operations) this.#draft.apply(operation);
    asContext(this.#draft.state);
    this.#isDoubtful ||= !isSealed(record.id);
    state.changesSize += record.payload.length;
    state.tagged ||= isTagged(record.payload);
    if (changes.ran !== undefined) state.ran = changes.ran;
    if (changes.begun !== undefined) state.attempts.set(changes.begun.nodeId, changes.begun.attempt);
    if (changes.resumed !== undefined) state.resumed = changes.resumed;
    if (kind === "error") state.attempts.set(nodeId, record.attempt);
    if (kind !== "delta") return;
    state.ran.push(changes.handles === undefined ? { nodeId } : { nodeId, handles: changes.handles });
    state.attempts.delete(nodeId);
    if (state.resumed?.nodeId === nodeId) state.resumed = undefined;
  }
}
