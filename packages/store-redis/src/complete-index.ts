import type { Connection } from "./connection.ts";
import { INDEX_COMPLETE, INDEX_IS_INCOMPLETE } from "./index-scripts.ts";

/** An index, and an older one that has every entry that it should have. */
export interface IndexPair {
  /** The name under which the time of the last completion is noted. */
  name: string;
  key: string;
  from: string;
}

/** Options of {@link completeIndex}. */
export interface CompletionOptions {
  connection: Connection;
  /** The key of the times at which indexes were last completed. */
  notes: string;
  /** Milliseconds between two walks through an older index. */
  everyMs: number;
}

/**
 * Adds the entries to an index that only the older one has: a process of the version before knows no other.
 *
 * - Walks through the older index if it has more entries, or if the last walk was `everyMs` ago by the server's clock:
 *   a process of the version before may have removed as many entries from the older index as it has added.
 * - Walks in steps, so that the server serves other clients in between. Several processes may do so at a time.
 */
export async function completeIndex(
  { connection, notes, everyMs }: CompletionOptions,
  { name, key, from }: IndexPair,
): Promise<void> {
  const begun = await connection.run<string>(INDEX_IS_INCOMPLETE, [key, from, notes], [name, String(everyMs)]);
  if (begun === "") return;
  let cursor = "0";
  do cursor = await connection.run<string>(INDEX_COMPLETE, [key, from, notes], [name, begun, cursor]);
  while (cursor !== "0");
}
