import type { CheckpointRecord, FailureRecord } from "../store/checkpoint-store.ts";
import { applyOperation } from "./apply-operation.ts";
import { type Codec, isTagged } from "./codec.ts";
import { ContextValues } from "./context-values.ts";
import { parsePayload } from "./payload.ts";

/** A checkpoint as users see it. */
export interface Checkpoint<Context = Record<string, unknown>> {
  readonly id: string;
  readonly nodeId: string;
  /** The node's name, or its type where it has none. */
  readonly nodeName: string;
  /** 1 for the first node that ran. */
  readonly stepNumber: number;
  /** The whole context after the node, or before it where the node failed. Computed when it is read. */
  readonly context: Context;
  /** ISO 8601. */
  readonly timestamp: string;
  readonly error?: FailureRecord;
  readonly attempt?: number;
  readonly durationMs?: number;
}

/**
 * The records of an execution, and the contexts they stand for.
 *
 * - Keeps payloads as text and computes a context when it is asked for, from the snapshot before it; going through
 *   the checkpoints in order applies each change once.
 */
export class History<Context> {
  readonly #codec: Codec;
  readonly #values: ContextValues;
  readonly #records: CheckpointRecord[];
  #holdsInstances: boolean;
  /** The last context that was computed, and the index of its record. */
  #last: { index: number; context: unknown } | undefined;

  /** Takes records in the order of their numbers, the first of them a snapshot. */
  constructor(codec: Codec, records: CheckpointRecord[]) {
    this.#codec = codec;
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
    let from = this.#last !== undefined && this.#last.index <= index ? this.#last.index + 1 : 0;
    let context = from === 0 ? undefined : this.#last?.context;
    for (let i = index; i >= from; i--) {
      if (this.#records[i]?.kind !== "snapshot") continue;
      from = i;
      break;
    }
    for (let i = from; i <= index; i++) context = this.#apply(context, i);
    this.#last = { index, context };
    return this.#values.handOut(context, "frozen", this.#holdsInstances) as Context;
  }

  /** The checkpoints that users see, oldest first; only the newest one where `last` is set. */
  checkpoints(last = false): Checkpoint<Context>[] {
    const listed: Checkpoint<Context>[] = [];
    for (const [index, record] of this.#records.entries()) {
      if (isListed(record)) listed.push(this.#checkpoint(record, index));
    }
    return last ? listed.slice(-1) : listed;
  }

  /** The records themselves. */
  get records(): readonly CheckpointRecord[] {
    return this.#records;
  }

  #apply(context: unknown, index: number): unknown {
    const parsed = parsePayload(this.#codec, this.#records[index]?.payload ?? "");
    if (parsed.kind === "snapshot") return parsed.context;
    return parsed.operations.reduce((state, operation) => applyOperation(this.#codec, state, operation), context);
  }

  #checkpoint(record: CheckpointRecord, index: number): Checkpoint<Context> {
    const contextAt = () => this.contextAt(index);
    return {
      id: record.id,
      nodeId: record.nodeId,
      nodeName: record.nodeName,
      stepNumber: record.stepNumber,
      get context() {
        return contextAt();
      },
      timestamp: new Date(record.timestamp).toISOString(),
      ...(record.error === undefined ? {} : { error: record.error }),
      attempt: record.attempt,
      durationMs: record.durationMs,
    };
  }
}

/** Tells whether users see a record as a checkpoint. */
function isListed(record: Pick<CheckpointRecord, "kind" | "seq">): boolean {
  return record.kind !== "save" && record.seq !== 0;
}
