import type { KeptRecord, LargeRecord, RecordContent, Segment } from "./documents.ts";

/** The records of a head's tail and of its parts. If both have a record, the tail's counts. */
export class History {
  readonly #records = new Map<number, KeptRecord>();
  readonly #large = new Map<string, LargeRecord>();

  constructor(tail: readonly KeptRecord[], parts: readonly (Segment | LargeRecord)[]) {
    for (const part of parts) {
      if ("records" in part) for (const record of recordsOf(part)) this.#records.set(record.seq, record);
      else this.#large.set(part._id, part);
    }
    for (const record of tail) this.#records.set(record.seq, record);
  }

  /** Returns a record and its content, or `undefined` if either is missing. */
  get(seq: number): { record: KeptRecord; content: RecordContent } | undefined {
    const record = this.#records.get(seq);
    const content = record?.large === undefined ? record : this.#large.get(record.large);
    return record === undefined || content === undefined ? undefined : { record, content: content as RecordContent };
  }

  /** Returns whether it has every record from `first` to `last`, both included. */
  hasAll(first: number, last: number): boolean {
    for (let seq = first; seq <= last; seq++) if (this.get(seq) === undefined) return false;
    return true;
  }
}

/** Returns the records of a segment; none if it is damaged. */
export function recordsOf({ records }: Partial<Segment>): KeptRecord[] {
  if (!Array.isArray(records)) return [];
  return records.filter((record: unknown) => typeof record === "object" && record !== null);
}
