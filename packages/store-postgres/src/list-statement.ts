import type { ListQuery, WorkflowStatus } from "@waymark/core";
import { type Statement, statement } from "./database.ts";
import type { StoredPosition } from "./page-cursor.ts";
import { NOW, recordColumns } from "./rows.ts";
import type { TableNames } from "./table-names.ts";

/** A listing's conditions, with the place that it starts after as it is stored. */
export type StoredQuery = Omit<ListQuery, "after"> & { after?: StoredPosition | undefined };

/**
 * The statement for one page of a listing, and its values. It asks for one row more than the page has, which tells
 * whether another page follows.
 *
 * - By keyset: a page starts in the index where the one before it ended, however many pages came before.
 * - Several statuses are as many ordered index scans, merged: one scan over all rows could meet any number of others.
 */
export function listStatement(names: TableNames, query: StoredQuery): { statement: Statement; values: unknown[] } {
  const values: unknown[] = [];
  const bind = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
  const statuses = statusesOf(query);
  const shared = conditions(query, bind);
  const order = query.order === "asc" ? "ASC" : "DESC";
  const tail = `ORDER BY created_at_ms ${order}, id ${order} LIMIT ${bind(query.limit + 1, "bigint")}`;
  const scan = (extra: string[]) => {
    const where = [...shared, ...extra].join(" AND ");
    return `SELECT ${recordColumns("e")} FROM ${names.executions} AS e ${where === "" ? "" : `WHERE ${where}`} ${tail}`;
  };
  if (statuses === undefined) return { statement: statement(scan([])), values };
  const [first, ...rest] = statuses.map((status) => scan([`e.status = ${bind(status, "text")}`]));
  if (first === undefined) return { statement: statement(scan(["false"])), values };
  if (rest.length === 0) return { statement: statement(first), values };
  const merged = [first, ...rest].map((one) => `(${one})`).join(" UNION ALL ");
  return { statement: statement(`SELECT * FROM (${merged}) AS page ${tail}`), values };
}

function statusesOf({ statuses, leaseExpired }: StoredQuery): WorkflowStatus[] | undefined {
  const wanted = statuses === undefined ? undefined : [...new Set(statuses)];
  if (leaseExpired !== true) return wanted;
  return wanted === undefined || wanted.includes("running") ? ["running"] : [];
}

function conditions(query: StoredQuery, bind: (value: unknown, type: string) => string): string[] {
  const { workflowId, userId, parentId, createdBefore, after } = query;
  const found: string[] = [];
  if (workflowId !== undefined) found.push(`e.workflow_id = ${bind(workflowId, "text")}`);
  if (userId !== undefined) found.push(`e.user_id = ${bind(userId, "text")}`);
  if (parentId !== undefined) found.push(`e.parent_id = ${bind(parentId, "text")}`);
  if (createdBefore !== undefined) found.push(`e.created_at_ms < ${bind(createdBefore, "bigint")}`);
  if (query.leaseExpired === true) found.push(`coalesce(e.lease_until_ms, 0) <= ${NOW}`);
  if (query.due === true) found.push(`e.wake_at_ms <= ${NOW}`);
  if (after !== undefined) {
    const beyond = query.order === "asc" ? ">" : "<";
    const position = `(${bind(after.createdAt, "bigint")}, ${bind(after.id, "text")})`;
    found.push(`(e.created_at_ms, e.id) ${beyond} ${position}`);
  }
  return found;
}
