import type { CheckpointRecord, ExecutionRecord } from "../store/checkpoint-store.ts";
import { checkSequence } from "./checked-history.ts";
import type { Codec } from "./codec.ts";
import { corruptHistory, readingRecord } from "./corrupt.ts";
import { parsePayload } from "./payload.ts";
import type { Progress } from "./progress.ts";
import { recordsBackwards } from "./records-backwards.ts";
import { restoreState } from "./restore.ts";
import type { Surroundings } from "./surroundings.ts";

/** An execution's state after one of its records. */
export interface StateAt {
  context: Record<string, unknown>;
  progress: Progress;
  /** The steps that were done. */
  currentStep: number;
}

/**
 * Computes the state that a record leaves behind. Records are named by their number, which must be one that is kept.
 *
 * - Reads the snapshot before the record and what follows it, and checks both. Use it inside `readSteadily`.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STATE_VERSION_UNSUPPORTED, STATE_TYPE_UNKNOWN, EXECUTION_NOT_FOUND,
 *   STORE_UNAVAILABLE
 */
export async function readStateAt(surroundings: Surroundings, head: ExecutionRecord, seq: number): Promise<StateAt> {
  const { codec } = surroundings;
  const records: CheckpointRecord[] = [];
  for await (const record of recordsBackwards(surroundings.store, head, seq)) {
    records.push(record);
    if (record.kind === "snapshot") break;
  }
  records.reverse();
  const [first] = records;
  const last = records.at(-1);
  if (first?.kind !== "snapshot" || last === undefined) {
    throw corruptHistory(`record ${head.firstSeq} is no snapshot`, { seq: head.firstSeq });
  }
  checkSequence(records, first.seq);
  const { context, progress } = restoreState(codec, head.id, records);
  return { context, progress, currentStep: stepsAfter(codec, last) };
}

/** Returns the steps that are done after a record. The record of a failed attempt has the number of the step that failed. */
export function stepsAfter(codec: Codec, record: CheckpointRecord): number {
  const { kind, stepNumber } = record;
  return kind === "error" && !isPassedOver(codec, record) ? Math.max(0, stepNumber - 1) : stepNumber;
}

/** Returns true for the record of a failure that the execution has continued over. It counts as a step. */
export function isPassedOver(codec: Codec, record: CheckpointRecord): boolean {
  const { kind, payload, seq } = record;
  if (kind !== "error" || !payload.includes('["route"')) return false;
  const parsed = readingRecord(seq, () => parsePayload(codec, record));
  return parsed.kind === "changes" && parsed.parts.handles !== undefined;
}

/** Returns the visit of a node to which a checkpoint or the beginning of a wait belongs; `undefined` for other records. */
export function visitIn(codec: Codec, record: CheckpointRecord, nodeId: string): number | undefined {
  const { kind, payload, seq } = record;
  if (kind !== "save") return record.nodeId === nodeId ? record.visit : undefined;
  if (!payload.includes('["wait"')) return undefined;
  const parsed = readingRecord(seq, () => parsePayload(codec, record));
  return parsed.kind === "changes" ? parsed.parts.waits?.find((wait) => wait.nodeId === nodeId)?.visit : undefined;
}
