import type { CheckpointKind } from "../store/checkpoint-store.ts";

/** Sizes of an execution's texts, in characters, and of its history: what decides when a snapshot is due. */
export interface TextSizes {
  /** Of the state, about. */
  readonly state: number;
  /** Of the newest snapshot. */
  readonly snapshot: number;
  /** Of what was written since, with what each record costs. */
  readonly changes: number;
  /** The number of checkpoints from the newest snapshot on. */
  readonly checkpoints: number;
}

/** The text a record costs beside its payload: what snapshots save a reader by there being fewer. */
const RECORD_OVERHEAD = 50;
/** States smaller than this are not worth a snapshot of their own. */
const SMALL_STATE = 1_024;

/**
 * Tells whether the next checkpoint should be a snapshot: reading the newest one and what follows it, with `change` at
 * its end, would be more than twice the state; or there are as many checkpoints since it as are to be kept at least.
 */
export function snapshotIsDue(
  { state, snapshot, changes, checkpoints }: TextSizes,
  change: string,
  historyLimit = Number.POSITIVE_INFINITY,
): boolean {
  return checkpoints >= historyLimit || snapshot + changes + change.length + RECORD_OVERHEAD > 2 * state + SMALL_STATE;
}

/** The sizes once a record is written with which the state's text has grown; a snapshot's own text is the state's. */
export function sizesAfter(
  { state, snapshot, changes, checkpoints }: TextSizes,
  { kind, payload: { length }, growth }: { kind: CheckpointKind; payload: string; growth: number },
): TextSizes {
  if (kind === "snapshot") return { state: length, snapshot: length, changes: 0, checkpoints: 1 };
  return {
    state: state + growth,
    snapshot,
    changes: changes + length + RECORD_OVERHEAD,
    checkpoints: kind === "save" ? checkpoints : checkpoints + 1,
  };
}

/** The sizes if the newest record is this much longer. */
export function sizesExtended(sizes: TextSizes, kind: CheckpointKind, length: number): TextSizes {
  if (kind !== "snapshot") return { ...sizes, changes: sizes.changes + length };
  return { ...sizes, state: sizes.state + length, snapshot: sizes.snapshot + length };
}

/** The sizes once the state's text has grown, or shrunk. */
export function sizesGrown(sizes: TextSizes, growth: number): TextSizes {
  return { ...sizes, state: sizes.state + growth };
}
