import type { KeptRecord, LargeRecord, RecordContent, Segment } from "./documents.ts";

/** Records put together from a head's tail and from parts. If both have one, the tail's is taken. */
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

  /** A record and what it holds; nothing if either is missing. */
  get(seq: number): { record: KeptRecord; content: RecordContent } | undefined {
    const record = this.#records.get(seq);
    const content = record?.large === undefined ? record : this.#large.get(record.large);
    return record === undefined || content === undefined ? undefined : { record, content: content as RecordContent };
  }

  /** Whether it has every record from one number to another, both included. */
  hasAll(first: number, last: number): boolean {
    for (let seq = first; seq <= last; seq++) if (this.get(seq) === undefined) return false;
    return true;
  }
}

/** The records of a segment: none of one that is none any more. */
export function recordsOf({ records }: Partial<Segment>): KeptRecord[] {
  if (!Array.isArray(records)) return [];
  return records.filter((record: unknown) => typeof record === "object" && record !== null);
}
