import { randomUUID } from "node:crypto";
import { type CheckpointRecord, type CheckpointStore, isWorkflowError } from "@waymark/core";
import fc from "fast-check";
import { expect } from "vitest";
import { newCheckpoint, newCommit, newExecution } from "../store-fixtures.ts";

/** An execution with a history, and the records that were written. */
export interface WrittenHistory {
  id: string;
  records: CheckpointRecord[];
}

/** A replacement of a part of a text. */
export interface TextEdit {
  /** The index of the text, modulo the number of texts. */
  which: number;
  from: number;
  length: number;
  text: string;
}

/** Writes a history with every kind of record. The records use the `payloads` in turn. */
export async function newHistory(store: CheckpointStore, payloads = ['{"set":{"a":1}}']): Promise<WrittenHistory> {
  const id = randomUUID();
  const { token } = await store.createExecution(newExecution(id));
  const kinds = ["delta", "error", "save", "snapshot", "delta"] as const;
  for (const [version, kind] of kinds.entries()) {
    const error = kind === "error" ? { error: { code: "NODE_FAILED", message: "down" } } : {};
    const payload = payloads[version % payloads.length] as string;
    await store.commit(
      id,
      newCommit({ token, version }, { checkpoints: [newCheckpoint({ kind, payload, ...error })] }),
    );
  }
  return { id, records: await store.readCheckpoints(id) };
}

/**
 * Reads a history in every way. Each read must return the right records, except `changed`, or reject with
 * STATE_CORRUPT.
 */
export async function expectSoundReads(
  store: CheckpointStore,
  { id, records }: WrittenHistory,
  changed?: number,
): Promise<void> {
  const one = { from: changed ?? 0, limit: 1 };
  for (const range of [{}, { order: "desc" as const }, { from: 2, to: 4 }, { limit: 1 }, one]) {
    try {
      for (const record of await store.readCheckpoints(id, range)) {
        if (record.seq !== changed) expect(record).toEqual(records[record.seq]);
      }
    } catch (error) {
      expect(isWorkflowError(error, "STATE_CORRUPT"), String(error)).toBe(true);
    }
  }
}

/** Runs `check` for many random edits of texts. */
export async function forManyEdits(check: (edit: TextEdit) => Promise<void>): Promise<void> {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const edit = fc.record({ which: fc.nat(99), from: fc.nat(400), length: fc.nat(40), text });
  await fc.assert(fc.asyncProperty(edit, check), { numRuns: 200 });
}

/** Returns a text after an edit. */
export function edited(before: string, { from, length, text }: TextEdit): string {
  return before.slice(0, from) + text + before.slice(from + length);
}
