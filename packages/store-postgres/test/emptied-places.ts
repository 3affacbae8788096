import { type TableLocation, tableNames } from "../src/sql/table-names.ts";

/**
 * Gives each of several cases tables without rows: those of an earlier case, emptied, since migrations take many times
 * as long.
 *
 * - `query`: runs SQL on the cases' database.
 * - `place`: names a new place. It gets 1, 2, 3 …
 * - `giveBack` is for a place whose stores are closed.
 */
export function emptiedPlaces<Place extends TableLocation>(
  query: (sql: string) => Promise<unknown>,
  place: (number: number) => Place,
): { take: () => Place; giveBack: (used: Place) => Promise<void> } {
  const free: Place[] = [];
  let made = 0;
  return {
    take: () => free.pop() ?? place(++made),
    giveBack: async (used: Place) => {
      const { executions, checkpoints, definitions } = tableNames(used);
      // TRUNCATE takes five times as long for a few rows: it makes new files for all indexes.
      await query(
        `WITH e AS (DELETE FROM ${executions}), c AS (DELETE FROM ${checkpoints}) DELETE FROM ${definitions}`,
      );
      free.push(used);
    },
  };
}
