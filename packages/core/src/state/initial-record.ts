import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import type { Codec } from "./codec.ts";
import type { Progress } from "./progress.ts";
import { Seal } from "./record-seal.ts";
import { snapshotPayload } from "./write-payload.ts";

/** What an execution begins with. */
export interface InitialState {
  contextText: string;
  progress: Progress;
  /** The steps that are done: 0, unless it was forked. */
  currentStep: number;
  totalSteps: number;
  definitionHash?: string | undefined;
}

/** Makes record 0 of an execution: the snapshot that it begins with. */
export function initialRecord(
  { codec, timestamp }: { codec: Codec; timestamp: number },
  executionId: string,
  { contextText, progress, ...head }: InitialState,
): CheckpointRecord {
  const initial = {
    kind: "snapshot",
    nodeId: "",
    nodeName: "",
    visit: 1,
    stepNumber: head.currentStep,
    attempt: 1,
    durationMs: 0,
    payload: snapshotPayload(codec, { contextText, progress }),
    timestamp,
  } as const;
  const { id, seq } = new Seal(executionId, { ...head, snapshotSeq: 0, checkpointsCount: 0, seq: -1 }).next(
    initial,
    {},
  );
  return { ...initial, id, seq };
}
