import type { CheckpointKind } from "../store/checkpoint-store.ts";

/*
 * How much of a history is kept, if it has a limit. A history can only begin with a snapshot. So a node's checkpoint is
 * written as one once there are `limit` checkpoints since the newest; and whenever a snapshot has `limit` checkpoints from
 * it on, what is before it is dropped. At least `limit` are kept, and about twice as many at most: failed attempts cannot
 * be snapshots, and one that is too large for the store is not written.
 */

/** A snapshot that is kept. */
interface KeptSnapshot {
  readonly seq: number;
  /** The checkpoints before it, ever written. */
  readonly before: number;
}

/** What a writer knows of the history that is kept. Immutable. */
export interface KeptHistory {
  /** The number of the oldest record. */
  readonly firstSeq: number;
  /** The number of the newest record. */
  readonly seq: number;
  /** The checkpoints ever written. */
  readonly checkpoints: number;
  /** The snapshots that are known, the newest among them, in order. */
  readonly snapshots: readonly KeptSnapshot[];
  /** No other snapshot is kept. */
  readonly isWhole: boolean;
}

/** What is known once an execution was opened: its newest snapshot, and the number of checkpoints from it on. */
export function keptHistory(
  head: { firstSeq: number; snapshotSeq: number; seq: number; checkpointsCount: number },
  sinceSnapshot: number,
): KeptHistory {
  const { firstSeq, snapshotSeq, seq, checkpointsCount: checkpoints } = head;
  const snapshots = [{ seq: snapshotSeq, before: checkpoints - sinceSnapshot }];
  return { firstSeq, seq, checkpoints, snapshots, isWhole: firstSeq === snapshotSeq };
}

/** The history once records of these kinds are written. */
export function withRecords(kept: KeptHistory, kinds: readonly CheckpointKind[]): KeptHistory {
  let { seq, checkpoints } = kept;
  const snapshots = [...kept.snapshots];
  for (const kind of kinds) {
    seq++;
    if (kind === "snapshot") snapshots.push({ seq, before: checkpoints });
    if (kind !== "save") checkpoints++;
  }
  return { ...kept, seq, checkpoints, snapshots };
}

/** The number before which a history is to be dropped; `undefined` if nothing is. */
export function dropPoint({ firstSeq, checkpoints, snapshots }: KeptHistory, limit: number): number | undefined {
  const newest = snapshots.findLast(({ before }) => checkpoints - before >= limit);
  return newest === undefined || newest.seq <= firstSeq ? undefined : newest.seq;
}

/** The history once it was dropped before a snapshot that is known. */
export function droppedBefore(kept: KeptHistory, seq: number): KeptHistory {
  return { ...kept, firstSeq: seq, snapshots: kept.snapshots.filter((each) => each.seq >= seq), isWhole: true };
}

/**
 * Tells whether a writer must look for older snapshots: too much is kept, and it knows only those since it opened the
 * execution. Many short runs would otherwise never drop anything.
 */
export function mustLookBack({ firstSeq, seq, isWhole }: KeptHistory, limit: number): boolean {
  return !isWhole && seq - firstSeq >= 2 * limit;
}

/**
 * The history with its older snapshots, back to one that has `limit` checkpoints from it on: what is before that is dropped.
 * Takes the records before the oldest known snapshot, the newest first.
 */
export async function lookedBack(
  kept: KeptHistory,
  limit: number,
  older: AsyncIterable<{ seq: number; kind: CheckpointKind }>,
): Promise<KeptHistory> {
  let before = kept.snapshots[0]?.before ?? 0;
  const found: KeptSnapshot[] = [];
  for await (const { seq, kind } of older) {
    if (kind !== "save" && seq > 0) before--;
    if (kind === "snapshot") found.push({ seq, before });
    if (kind === "snapshot" && kept.checkpoints - before >= limit) break;
  }
  return { ...kept, snapshots: [...found.reverse(), ...kept.snapshots], isWhole: true };
}
