import { type CheckpointRecord, damagedExecution, type HistoryRange, keepsChanging } from "@waymark/core/store";
import type { Connection } from "./connection.ts";
import { READ, type ReadAnswer } from "./execution-scripts.ts";
import { decodeHead, decodeRecord } from "./heads.ts";
import type { ExecutionKeys } from "./keys.ts";
import { argumentsOf } from "./script.ts";

/** The bytes that one answer holds, about: the server serves no other client meanwhile. */
const CHUNK_BYTES = 1024 * 1024;
const MAX_TRIES = 20;

/** The records to read, and their execution. */
export interface RecordsQuery extends HistoryRange {
  id: string;
  keys: ExecutionKeys;
}

/**
 * Reads records in chunks, as they are at one time, and begins again if records are dropped in between. Returns
 * `undefined` if there is no such execution.
 *
 * @throws {WorkflowError} STATE_CORRUPT, STORE_UNAVAILABLE
 */
export async function readRecords(
  connection: Connection,
  query: RecordsQuery,
): Promise<CheckpointRecord[] | undefined> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const found = await readOnce(connection, query);
    if (found !== "changed") return found;
  }
  throw keepsChanging(query.id);
}

async function readOnce(
  connection: Connection,
  { id, keys, from, to, limit = Number.MAX_SAFE_INTEGER, order }: RecordsQuery,
): Promise<CheckpointRecord[] | "changed" | undefined> {
  const found: CheckpointRecord[] = [];
  const ask = async (lowest: number, highest: number) => {
    const answer = await connection.run<ReadAnswer>(
      READ,
      [keys.head, keys.records],
      argumentsOf(READ, {
        lowest: String(lowest),
        highest: highest === Number.MAX_SAFE_INTEGER ? "" : String(highest),
        limit: String(limit - found.length),
        order,
        bytes: String(CHUNK_BYTES),
      }),
    );
    if (answer[0] === "read")
      return { creationStamp: answer[1], low: Number(answer[2]), high: Number(answer[3]), texts: answer[4] };
    const head = decodeHead(id, answer[1]);
    if (head !== undefined) throw damagedExecution(id, head.record.unreadable);
    return undefined;
  };
  const first = await ask(from, to);
  if (first === undefined) return undefined;
  let { low, high } = first;
  const wanted = Math.min(limit, high - low + 1);
  for (let answer: Awaited<ReturnType<typeof ask>> = first; ; answer = await ask(low, high)) {
    if (answer === undefined) return undefined;
    if (answer.creationStamp !== first.creationStamp || answer.low !== low || answer.high !== high) return "changed";
    for (const text of answer.texts) found.push(decodeRecord(text, order === "asc" ? low++ : high--));
    if (found.length >= wanted) return found;
    if (answer.texts.length === 0) return "changed";
  }
}
