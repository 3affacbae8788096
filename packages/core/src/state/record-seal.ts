import { crc32 } from "../checksum.ts";
import { randomUUID } from "../crypto.ts";
import type { CheckpointRecord, ExecutionRecord, HeadUpdate, NewCheckpoint } from "../store/checkpoint-store.ts";

/*
 * A record's id: a random UUID, and two checksums by which a reader notices what was changed since.
 *
 *   0f8fad5b-d9cb-469f-a165-70867728950e-1c291ca3a54b1d7e
 *                                        of the record, and of the head that was written with it
 *
 * The checksums are in the id so that payloads stay plain text of one format, and stores need no field for them. They
 * cover what a resume acts on. What only people see (a node's name, times, errors) is left out: a store of somebody
 * else's that rounds a duration must not make an execution unreadable.
 */

/** What a record's checksum covers. */
export type SealedRecord = Pick<
  CheckpointRecord,
  "seq" | "kind" | "nodeId" | "visit" | "stepNumber" | "attempt" | "payload"
>;

/** What the head's checksum covers. */
export type SealedHead = Pick<ExecutionRecord, "snapshotSeq" | "checkpointsCount" | "currentStep" | "totalSteps"> & {
  definitionHash?: string | undefined;
};

/** A record that has no id yet. */
export type UnsealedCheckpoint = Omit<NewCheckpoint, "id">;

/** What an execution's newest record says about its head: that part changes only together with a record. */
export class Seal {
  readonly #executionId: string;
  readonly #seq: number;
  readonly #head: SealedHead;

  /** Takes the head as it is; its `seq` is the number of the newest record, -1 for none. */
  constructor(executionId: string, head: SealedHead & { seq: number }) {
    this.#executionId = executionId;
    this.#seq = head.seq;
    this.#head = head;
  }

  /** The number of the next record. */
  get nextSeq(): number {
    return this.#seq + 1;
  }

  /** Tells whether a head can be changed like this only together with a record. */
  needsRecord({ currentStep, totalSteps, definitionHash }: HeadUpdate): boolean {
    const head = this.#head;
    return (
      (currentStep ?? head.currentStep) !== head.currentStep ||
      (totalSteps ?? head.totalSteps) !== head.totalSteps ||
      (definitionHash ?? head.definitionHash) !== head.definitionHash
    );
  }

  /** Seals the next record, which is written together with a change of the head. */
  next(checkpoint: UnsealedCheckpoint, update: HeadUpdate): { id: string; seq: number; seal: Seal } {
    const { kind } = checkpoint;
    const { snapshotSeq, checkpointsCount, currentStep, totalSteps, definitionHash } = this.#head;
    const seq = this.#seq + 1;
    const seal = new Seal(this.#executionId, {
      seq,
      snapshotSeq: kind === "snapshot" ? seq : snapshotSeq,
      checkpointsCount: kind === "save" || seq === 0 ? checkpointsCount : checkpointsCount + 1,
      currentStep: update.currentStep ?? currentStep,
      totalSteps: update.totalSteps ?? totalSteps,
      definitionHash: update.definitionHash ?? definitionHash,
    });
    const uuid = randomUUID();
    const record = recordChecksum(uuid, seq, checkpoint, this.#executionId);
    return { id: `${uuid}-${record}${headChecksum(uuid, seal.#head)}`, seq, seal };
  }
}

/** The checksum of a record under a UUID. */
export function recordChecksum(
  uuid: string,
  seq: number,
  record: Omit<SealedRecord, "seq">,
  executionId: string,
): string {
  const { kind, nodeId, visit, stepNumber, attempt, payload } = record;
  // The checksums of records from before there were visits stay valid: each of those was of a first one.
  const run = visit === 1 ? attempt : `${attempt}/${visit}`;
  const ids = `${executionId.length} ${executionId} ${nodeId.length} ${nodeId}`;
  return crc32(`${uuid} ${seq} ${kind} ${stepNumber} ${run} ${ids} ${payload}`);
}

/** The checksum of a head under the UUID of its newest record. */
export function headChecksum(uuid: string, head: SealedHead): string {
  const { snapshotSeq, checkpointsCount, currentStep, totalSteps, definitionHash = "" } = head;
  return crc32(`${uuid} ${snapshotSeq} ${checkpointsCount} ${currentStep} ${totalSteps} ${definitionHash}`);
}
