import type { CheckpointKind, FailureRecord, HeadUpdate } from "../store/checkpoint-store.ts";
import type { DraftState } from "./draft-state.ts";
import type { NodeRun } from "./node-run.ts";
import type { PresentRuns } from "./progress.ts";

/** What is written of an attempt of a node. */
export interface NodeEntry extends NodeRun {
  nodeName: string;
  attempt: number;
  durationMs: number;
  /** The outputs that the node took, if it chose some; `null` for no edge at all. */
  handles?: readonly string[] | null | undefined;
  error?: FailureRecord;
  /** Milliseconds since the epoch. Default: now. */
  timestamp?: number;
}

/** How the head changes with a commit. The journal itself counts steps. */
export type HeadChange = Omit<HeadUpdate, "currentStep">;

/** How a node changes the context: it replaces it, or sets top-level keys. */
export interface ContextChange {
  context?: Record<string, unknown>;
  changes?: Record<string, unknown>;
}

/** How the checkpoint of a node that has completed is made. */
export interface ComposeOptions {
  /** The node counts as a step of its own. */
  isStep?: boolean;
  change?: ContextChange;
  /** The state that it builds on, if that is one that is to be committed together with it. Default: as it is now. */
  on?: DraftState | undefined;
  /** Returns the context without what loops that have ended with the node had kept in it; `undefined` if nothing. */
  cleared?: ((context: Record<string, unknown>) => Record<string, unknown> | undefined) | undefined;
  /**
   * Returns what of the runs still counts after this one. Needed if the workflow has loops: it is asked only if the
   * checkpoint is a snapshot, which then holds no more than that.
   */
  present?: () => PresentRuns | undefined;
  /** The number of the record whose context the node was given, if it is not the one before. */
  given?: number | undefined;
}

/** The checkpoint of a node that has completed, made but not committed. Nothing has changed yet. */
export interface ComposedCheckpoint {
  readonly kind: CheckpointKind;
  readonly payload: string;
  readonly entry: NodeEntry;
  /** The state that it was made from. */
  readonly before: DraftState;
  /** The state once it is committed. */
  readonly after: DraftState;
  /** Default: the steps that are done after it. */
  readonly stepNumber?: number;
}

/** What stands in a record that is no node's. */
export const NO_NODE: NodeEntry = { nodeId: "", nodeName: "", visit: 1, attempt: 1, durationMs: 0 };
