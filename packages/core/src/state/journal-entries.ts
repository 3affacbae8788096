import type { CheckpointKind, FailureRecord, WorkflowStatus } from "../store/checkpoint-store.ts";
import type { ResumedNode } from "./restore.ts";

/** What is written of a node. */
export interface NodeEntry {
  nodeId: string;
  nodeName: string;
  attempt: number;
  durationMs: number;
  /** The outputs that the node took, where it chose. */
  handles?: readonly string[] | undefined;
  error?: FailureRecord;
  /** Milliseconds since the epoch. Default: now. */
  timestamp?: number;
}

/** What goes with a commit beside the node. */
export interface CommitExtra {
  status?: WorkflowStatus;
  totalSteps?: number;
  wakeAt?: number | null;
  failure?: FailureRecord | null;
  definitionHash?: string;
  /** Milliseconds since the epoch; with an end only. */
  endedAt?: number;
}

/** What a save can hold beside changes of the context. */
export interface SavedParts {
  /** An attempt that has begun. */
  begun?: { nodeId: string; attempt: number };
  resumed?: ResumedNode;
}

/** The text of a checkpoint that is ready to be committed. */
export interface PreparedCheckpoint {
  kind: CheckpointKind;
  payload: string;
}

/** What stands in a record that is no node's. */
export const NO_NODE: NodeEntry = { nodeId: "", nodeName: "", attempt: 1, durationMs: 0 };
