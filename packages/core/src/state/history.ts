import type { CheckpointRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { type Codec, isTagged } from "./codec.ts";
import { ContextValues } from "./context-values.ts";
import { HistoryContexts } from "./history-contexts.ts";
import { handlesIn } from "./record-handles.ts";

/** A checkpoint as users see it. */
export interface Checkpoint<Context = Record<string, unknown>> {
  readonly id: string;
  readonly nodeId: string;
  /** The node's name, or its type where it has none. */
  readonly nodeName: string;
  /** Counts the runs of the node in this execution, from 1. */
  readonly visit: number;
  /** 1 for the first node that ran. */
  readonly stepNumber: number;
  /** The whole context after the node, or before it where the node failed. Computed when it is read. */
  readonly context: Context;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly error?: FailureRecord;
  readonly attempt?: number;
  readonly durationMs?: number;
  /** The outputs that the node took, if it named some. `null`: it took no edge. */
  readonly handles?: readonly string[] | null;
}

/** The place where a resume continues: the newest checkpoint of a node that has completed. */
export interface ResumePoint {
  nodeId: string;
  stepNumber: number;
}

/**
 * The records of an execution, and the contexts they stand for.
 *
 * - Keeps payloads as text, and computes a context when it is asked for.
 */
export class History<Context> {
  readonly #contexts: HistoryContexts;
  readonly #values: ContextValues;
  readonly #records: CheckpointRecord[];
  #holdsInstances: boolean;

  /** Takes checked records in the order of their numbers, the first of them a snapshot. */
  constructor(codec: Codec, records: CheckpointRecord[]) {
    this.#contexts = new HistoryContexts(codec, records);
    this.#values = new ContextValues(codec);
    this.#records = records;
    this.#holdsInstances = records.some(({ payload }) => isTagged(payload));
  }

  append(record: CheckpointRecord): void {
    this.#records.push(record);
    this.#holdsInstances ||= isTagged(record.payload);
  }

  /** The context that a record leaves behind; records are given by their index. */
  contextAt(index: number): Context {
    return this.#values.handOut(this.#contexts.at(index), "frozen", this.#holdsInstances) as Context;
  }

  /** The checkpoints that users see, oldest first; only the newest one if `last` is set. */
  checkpoints(last = false): Checkpoint<Context>[] {
    if (!last) return this.checkpointsFrom(0);
    const newest = this.#records.findLast(isListed);
    return newest === undefined ? [] : this.checkpointsFrom(newest.seq);
  }

  /** The checkpoints that users see, from a record's number on. */
  checkpointsFrom(seq: number): Checkpoint<Context>[] {
    const listed: Checkpoint<Context>[] = [];
    for (const [index, record] of this.#records.entries()) {
      if (record.seq >= seq && isListed(record)) listed.push(this.#checkpoint(record, index));
    }
    return listed;
  }

  /**
   * The newest checkpoint without an error; `null` before the first.
   *
   * - `ranLast`: the node that ran last. Before a fork's first checkpoint, it is one that ran before the fork.
   */
  resumePoint(ranLast: string | undefined): ResumePoint | null {
    const last = this.#records.findLast((record) => isListed(record) && record.kind !== "error");
    if (last !== undefined) return { nodeId: last.nodeId, stepNumber: last.stepNumber };
    const [initial] = this.#records;
    return ranLast === undefined || initial === undefined ? null : { nodeId: ranLast, stepNumber: initial.stepNumber };
  }

  /** The records themselves. */
  get records(): readonly CheckpointRecord[] {
    return this.#records;
  }

  #checkpoint(record: CheckpointRecord, index: number): Checkpoint<Context> {
    const contextAt = () => this.contextAt(index);
    const handles = handlesIn(record);
    return {
      id: record.id,
      nodeId: record.nodeId,
      nodeName: record.nodeName,
      visit: record.visit,
      stepNumber: record.stepNumber,
      get context() {
        return contextAt();
      },
      timestamp: new Date(record.timestamp).toISOString(),
      ...(record.kind === "error" && record.error !== undefined ? { error: record.error } : {}),
      attempt: record.attempt,
      durationMs: record.durationMs,
      ...(handles === undefined ? {} : { handles }),
    };
  }
}

/** Tells whether users see a record as a checkpoint. */
export function isListed(record: Pick<CheckpointRecord, "kind" | "seq">): boolean {
  return record.kind !== "save" && record.seq !== 0;
}
