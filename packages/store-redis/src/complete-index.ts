import type { Connection } from "./connection.ts";
import { INDEX_COMPLETE, INDEX_IS_INCOMPLETE } from "./index-scripts.ts";

/** An index, and an older one that has an entry for each that it should have. */
export interface IndexPair {
  /** The name under which it is noted when the index was last completed. */
  name: string;
  key: string;
  from: string;
}

/** How {@link completeIndex} reaches its data. */
export interface CompletionOptions {
  connection: Connection;
  /** Where it is noted when each index was last completed. */
  notes: string;
  /** Milliseconds between two walks through an older index. */
  everyMs: number;
}

/**
 * Adds to an index what only the older one has: a process of the version before knows no other.
 *
 * - Walks through the older index if that has more entries, and otherwise if the last walk is `everyMs` ago by the server's
 *   clock: what a process of the version before has removed from the older index only can outweigh what it has added.
 * - Walks in steps, so that the server serves others in between. Several processes may do so at once.
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
