import type { CheckpointRecord } from "../store/checkpoint-store.ts";
import { Draft } from "./apply-operation.ts";
import type { Codec } from "./codec.ts";
import { corruptHistory, readingRecord } from "./corrupt.ts";
import { parsePayload } from "./payload.ts";

/** Blocks are at least this long, in records. */
const MIN_BLOCK = 16;

/**
 * The context after each record of a history, computed when it is asked for.
 *
 * - Works on the records from one snapshot to the next, a *segment*. It is cut into blocks of about the square root of
 *   its length: kept are the contexts at the beginnings of blocks, and those of the block that was read last.
 * - So reading a whole history applies each record once forwards and at most twice backwards, and keeps about twice the
 *   square root of a segment's contexts.
 */
export class HistoryContexts {
  readonly #codec: Codec;
  readonly #records: readonly CheckpointRecord[];
  /** The index of the segment's snapshot. */
  #segment = -1;
  #blockLength = MIN_BLOCK;
  /** The contexts at the beginnings of the segment's blocks, as far as they are known. */
  #beginnings: unknown[] = [];
  #block = { start: 0, contexts: [] as unknown[] };

  /** Takes records whose first one is a snapshot; more may be appended to the list. */
  constructor(codec: Codec, records: readonly CheckpointRecord[]) {
    this.#codec = codec;
    this.#records = records;
  }

  /** The context that a record leaves behind, frozen. Records are named by their index. */
  at(index: number): unknown {
    const { start, contexts } = this.#block;
    const isNext = contexts.length > 0 && index === start + contexts.length && !this.#isSnapshot(index);
    if (!isNext && (index < start || index >= start + contexts.length)) this.#readBlock(index);
    while (this.#block.start + this.#block.contexts.length <= index) this.#readNext();
    return this.#block.contexts[index - this.#block.start];
  }

  /** Goes to the beginning of a record's block. */
  #readBlock(index: number): void {
    let segment = index;
    while (segment > 0 && !this.#isSnapshot(segment)) segment--;
    if (segment !== this.#segment) this.#enterSegment(segment);
    const number = Math.floor((index - segment) / this.#blockLength);
    for (let known = this.#beginnings.length; known <= number; known++) {
      const end = segment + known * this.#blockLength;
      this.#beginnings.push(this.#advance(this.#beginnings[known - 1], end - this.#blockLength + 1, end));
    }
    this.#block = { start: segment + number * this.#blockLength, contexts: [this.#beginnings[number]] };
  }

  #enterSegment(segment: number): void {
    let end = segment + 1;
    while (end < this.#records.length && !this.#isSnapshot(end)) end++;
    this.#segment = segment;
    this.#blockLength = Math.max(MIN_BLOCK, Math.ceil(Math.sqrt(end - segment)));
    this.#beginnings = [this.#advance(undefined, segment, segment)];
  }

  /** Reads one record on; at the end of the block, a new one begins. */
  #readNext(): void {
    const { start, contexts } = this.#block;
    const index = start + contexts.length;
    const context = this.#advance(contexts.at(-1), index, index);
    if (contexts.length < this.#blockLength) {
      contexts.push(context);
      return;
    }
    if (this.#beginnings.length === (index - this.#segment) / this.#blockLength) this.#beginnings.push(context);
    this.#block = { start: index, contexts: [context] };
  }

  /** The context after the last of several records, from the one before the first. */
  #advance(before: unknown, first: number, last: number): unknown {
    let draft = new Draft(this.#codec, before);
    for (let index = first; index <= last; index++) {
      const record = this.#records[index];
      if (record === undefined) throw corruptHistory(`there is no record at ${index}`);
      readingRecord(record.seq, () => {
        const parsed = parsePayload(this.#codec, record);
        if (parsed.kind === "snapshot") draft = new Draft(this.#codec, parsed.context);
        else for (const operation of parsed.operations) draft.apply(operation);
      });
    }
    return draft.finish();
  }

  #isSnapshot(index: number): boolean {
    return this.#records[index]?.kind === "snapshot";
  }
}
