import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import { Draft } from "./apply-operation.ts";
import { isSealed, recordIsIntact } from "./check-seal.ts";
import { type Codec, isTagged } from "./codec.ts";
import { corruptHistory, readingRecord } from "./corrupt.ts";
import { afterFailedAttempt } from "./failed-attempt.ts";
import { type RestoredState, sizesAtStart } from "./fresh-state.ts";
import { asContext, type ParsedPayload, parsePayload } from "./payload.ts";
import { afterNode, afterSave, type Progress, snapshotOf } from "./progress.ts";
import type { TextSizes } from "./text-sizes.ts";
import { snapshotPayload } from "./write-payload.ts";

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
  #progress: Progress | undefined;
  #holdsInstances = false;
  #sizes: TextSizes = { state: 0, snapshot: 0, changes: 0, checkpoints: 0 };
  /** Some part of the state has no checksum, so it may be one that no codec has written. */
  #isDoubtful = false;

  constructor(codec: Codec, executionId: string) {
    this.#codec = codec;
    this.#executionId = executionId;
    this.#draft = new Draft(codec, {});
  }

  take(record: CheckpointRecord): void {
    const isIntact = () => !isSealed(record.id) || recordIsIntact(record.id, record, this.#executionId);
    const parsed = parsePayload(this.#codec, record, isIntact);
    if (parsed.kind === "snapshot") this.#begin(record, parsed);
    else this.#continue(record, parsed);
  }

  finish(newestSeq: number): RestoredState {
    const progress = this.#progress;
    if (progress === undefined) throw corruptHistory("it has no snapshot");
    const context = this.#draft.finish() as Record<string, unknown>;
    const sizeOf = () =>
      snapshotPayload(this.#codec, { contextText: this.#codec.encode(context), progress: snapshotOf(progress) }).length;
    const sizes = this.#sizes;
    let { state } = sizes;
    if (this.#isDoubtful) state = readingRecord(newestSeq, sizeOf);
    else if (sizes.changes > 0) state = sizeOf();
    return { context, progress, holdsInstances: this.#holdsInstances, sizes: { ...sizes, state } };
  }

  #begin(record: CheckpointRecord, { context, progress }: ParsedPayload & { kind: "snapshot" }): void {
    const { seq, nodeId, payload } = record;
    // A node whose round has ended with it is not among those that have run, but its visits are counted.
    const isOfNode = nodeId === progress.ran.last?.nodeId || (progress.visits.get(nodeId) ?? 0) > 0;
    if (seq === 0 ? nodeId !== "" : !isOfNode) throw corruptHistory("its payload is of another node", { seq });
    this.#draft = new Draft(this.#codec, context);
    this.#progress = progress;
    this.#holdsInstances = isTagged(payload);
    this.#sizes = sizesAtStart(payload, seq === 0 ? 0 : 1);
    this.#isDoubtful = !isSealed(record.id);
  }

  #continue(record: CheckpointRecord, { operations, parts }: ParsedPayload & { kind: "changes" }): void {
    const progress = this.#progress;
    if (progress === undefined) throw corruptHistory("no snapshot stands before it", { seq: record.seq });
    for (const operation of operations) this.#draft.apply(operation);
    asContext(this.#draft.state);
    this.#isDoubtful ||= !isSealed(record.id);
    const { changes, checkpoints } = this.#sizes;
    this.#sizes = {
      ...this.#sizes,
      changes: changes + record.payload.length,
      checkpoints: record.kind === "save" ? checkpoints : checkpoints + 1,
    };
    this.#holdsInstances ||= isTagged(record.payload);
    if (record.kind === "delta") this.#progress = afterNode(progress, record, parts);
    else if (record.kind === "error") this.#progress = afterFailedAttempt(progress, record, parts);
    else this.#progress = afterSave(progress, parts);
  }
}
