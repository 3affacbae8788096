import type { CheckpointRecord, ReadCheckpointsOptions } from "@waymark/core";
import type { Connection } from "./connection.ts";
import { READ } from "./execution-scripts.ts";
import { decodeRecord } from "./heads.ts";
import type { ExecutionKeys } from "./keys.ts";

/** One answer holds about so many bytes: the server serves nobody else meanwhile. */
const CHUNK_BYTES = 1024 * 1024;
const MAX_TRIES = 20;

/** Reads records in chunks, as they are at one time; again from the start where they were dropped in between. */
export async function readRecords(
  connection: Connection,
  keys: ExecutionKeys,
  options: ReadCheckpointsOptions,
): Promise<CheckpointRecord[] | "missing" | "changing"> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const found = await readOnce(connection, keys, options);
    if (found !== "changed") return found;
  }
  return "changing";
}

async function readOnce(
  connection: Connection,
  keys: ExecutionKeys,
  { from = 0, to, limit = Number.MAX_SAFE_INTEGER, order = "asc" }: ReadCheckpointsOptions,
): Promise<CheckpointRecord[] | "missing" | "changed"> {
  const found: CheckpointRecord[] = [];
  const ask = (low: number, high: number | undefined) =>
    connection.run<["missing"] | ["read", string, string, string, string[]]>(
      READ,
      [keys.head, keys.records],
      [String(low), high === undefined ? "" : String(high), String(limit - found.length), order, String(CHUNK_BYTES)],
    );
  const first = await ask(from, to);
  if (first[0] === "missing") return "missing";
  let low = Number(first[2]);
  let high = Number(first[3]);
  const wanted = Math.min(limit, high - low + 1);
  for (let answer: typeof first | ["missing"] = first; ; answer = await ask(low, high)) {
    if (answer[0] === "missing" || answer[1] !== first[1]) return "changed";
    if (Number(answer[2]) !== low || Number(answer[3]) !== high) return "changed";
    for (const text of answer[4]) found.push(decodeRecord(text, order === "asc" ? low++ : high--));
    if (found.length >= wanted) return found;
    if (answer[4].length === 0) return "changed";
  }
}
