import { type ListedExecution, type ListQuery, storeFaultOf } from "@waymark/core/store";
import type { Run } from "./database.ts";
import { listStatement, moveBoundsStatement } from "./sql/list-statement.ts";
import { type LeaseOrder, rowToListed, storedPosition } from "./sql/stored-position.ts";
import type { TableNames } from "./sql/table-names.ts";

/*
 * A commit that renews a lease must not change an indexed column: its UPDATE would no longer be a HOT one, which costs
 * two thirds of the commits per second. So the index is on a lower bound of the lease's end. Creations and claims write
 * it; a reader of lapsed leases first moves the bounds that have passed to the ends of their leases.
 */

/** The most bounds that one statement moves. */
const MOVED_AT_ONCE = 1_000;
/** The most times that bounds are moved before the ends themselves are read: other readers may move them as well. */
const MAX_MOVES = 4;

/**
 * Reads a page of executions whose lease has lapsed, in the order of its end.
 *
 * - If bounds cannot be moved (on a replica, or because a row is locked), the ends themselves are read and sorted, for
 *   this page and those after it.
 */
export async function listLapsed(run: Run, names: TableNames, query: ListQuery): Promise<ListedExecution[]> {
  const read = async (leases: LeaseOrder) => {
    const { statement, values } = listStatement(names, query, leases);
    return (await run(statement, values, { unprepared: true })).rows;
  };
  const isByEnd = query.after !== undefined && storedPosition(query.after).leases === "end";
  for (let moves = 0; !isByEnd && moves < MAX_MOVES; moves++) {
    const rows = await read("bound");
    if (rows.every((row) => row.is_exact?.startsWith("t"))) return rows.map((row) => rowToListed(row, query.sortBy));
    if (!(await moveBounds(run, names))) break;
  }
  return (await read("end")).map((row) => rowToListed(row, query.sortBy, "end"));
}

/** Moves all bounds that have passed. Returns false on a server that accepts no writes. */
async function moveBounds(run: Run, names: TableNames): Promise<boolean> {
  const statement = moveBoundsStatement(names, MOVED_AT_ONCE);
  try {
    while ((await run(statement, [])).rowCount === MOVED_AT_ONCE);
    return true;
  } catch (error) {
    if (storeFaultOf(error) === "read_only") return false;
    throw error;
  }
}
