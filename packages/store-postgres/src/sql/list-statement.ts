import type { ListQuery, SortKey, WorkflowStatus } from "@waymark/core/store";
import { type Statement, statement } from "../database.ts";
import { EXECUTION, LEASE_BOUND } from "./columns.ts";
import { NOW, recordColumns } from "./rows.ts";
import { type LeaseOrder, storedPosition } from "./stored-position.ts";
import type { TableNames } from "./table-names.ts";

/** A statement with the values to send. */
interface Call {
  statement: Statement;
  values: unknown[];
}

/** The expression by which each listing is ordered, before the id. */
const LEASE_END = `coalesce(e.${EXECUTION.leaseUntil.column}, 0)`;
const SORTED_BY: Record<SortKey, string> = {
  createdAt: `e.${EXECUTION.createdAt.column}`,
  wakeAt: `e.${EXECUTION.wakeAt.column}`,
  leaseUntil: `e.${LEASE_BOUND}`,
};

/**
 * Builds the statement for one page of a listing, and its values. It reads one row more than the page has, which shows
 * that another page follows.
 *
 * - By keyset: a page starts in the index where the one before it ended, however many pages came before.
 * - Several statuses are as many ordered index scans, merged: one scan over all rows could meet any number of others.
 */
export function listStatement(names: TableNames, query: ListQuery, leases: LeaseOrder = "bound"): Call {
  const values: unknown[] = [];
  const bind = (value: unknown, type: string) => `$${values.push(value)}::${type}`;
  const sortedBy = query.sortBy === "leaseUntil" && leases === "end" ? LEASE_END : SORTED_BY[query.sortBy];
  const conditions = conditionsOf(query, sortedBy, bind);
  const order = query.order === "asc" ? "ASC" : "DESC";
  const limit = `LIMIT ${bind(query.limit + 1, "bigint")}`;
  const bound = query.leaseExpired === true ? `, e.${LEASE_BOUND} = ${LEASE_END} AS is_exact` : "";
  const columns = `${recordColumns("e")}, ${sortedBy} AS sorted_by${bound}`;
  const scan = (extra: string[]) => {
    const where = [...conditions, ...extra].join(" AND ");
    return `SELECT ${columns} FROM ${names.executions} AS e ${where === "" ? "" : `WHERE ${where}`}
      ORDER BY ${sortedBy} ${order}, e.id ${order} ${limit}`;
  };
  const statuses = query.statuses === undefined ? undefined : [...new Set(query.statuses)];
  if (query.sortBy !== "createdAt" || statuses === undefined) {
    const extra = statuses === undefined ? [] : [`e.status = ANY (${bind(statuses, "text[]")})`];
    return { statement: statement(scan(extra)), values };
  }
  const [first, ...rest] = statuses.map((status: WorkflowStatus) => scan([`e.status = ${bind(status, "text")}`]));
  if (first === undefined) return { statement: statement(scan(["false"])), values };
  if (rest.length === 0) return { statement: statement(first), values };
  const merged = [first, ...rest].map((one) => `(${one})`).join(" UNION ALL ");
  return {
    statement: statement(`SELECT * FROM (${merged}) AS page ORDER BY sorted_by ${order}, id ${order} ${limit}`),
    values,
  };
}

/** Builds the statement that moves up to `limit` bounds that have passed to the ends of their leases. */
export function moveBoundsStatement({ executions }: TableNames, limit: number): Statement {
  return statement(
    `UPDATE ${executions} AS e SET ${LEASE_BOUND} = ${LEASE_END}
     FROM (
       SELECT e.id FROM ${executions} AS e
       WHERE e.status = 'running' AND e.${LEASE_BOUND} <= ${NOW} AND e.${LEASE_BOUND} <> ${LEASE_END}
       ORDER BY e.${LEASE_BOUND}, e.id LIMIT ${limit} FOR UPDATE SKIP LOCKED
     ) AS passed
     WHERE e.id = passed.id`,
  );
}

function conditionsOf(query: ListQuery, sortedBy: string, bind: (value: unknown, type: string) => string): string[] {
  const { workflowId, userId, parentId, createdAfter, createdBefore, endedAfter, endedForMs, after } = query;
  const found: string[] = [];
  // Must be the words of the indexes' conditions.
  if (query.due === true) {
    found.push("e.status IN ('pending', 'suspended')", "e.wake_at_ms IS NOT NULL", `e.wake_at_ms <= ${NOW}`);
  }
  if (query.leaseExpired === true) {
    found.push("e.status = 'running'", `e.${LEASE_BOUND} <= ${NOW}`);
    if (sortedBy === LEASE_END) found.push(`${LEASE_END} <= ${NOW}`);
  }
  if (workflowId !== undefined) found.push(`e.workflow_id = ${bind(workflowId, "text")}`);
  if (userId !== undefined) found.push(`e.user_id = ${bind(userId, "text")}`);
  if (parentId !== undefined) found.push(`e.parent_id = ${bind(parentId, "text")}`);
  if (query.topLevel === true) found.push("e.parent_id IS NULL");
  if (createdAfter !== undefined) found.push(`e.created_at_ms > ${bind(createdAfter, "bigint")}`);
  if (createdBefore !== undefined) found.push(`e.created_at_ms < ${bind(createdBefore, "bigint")}`);
  if (endedAfter !== undefined) found.push(`e.ended_at_ms > ${bind(endedAfter, "bigint")}`);
  if (endedForMs !== undefined) found.push(`e.ended_at_ms <= ${NOW} - ${bind(endedForMs, "bigint")}`);
  if (after !== undefined) {
    const { time, id } = storedPosition(after);
    const beyond = query.order === "asc" ? ">" : "<";
    found.push(`(${sortedBy}, e.id) ${beyond} (${bind(time, "bigint")}, ${bind(id, "text")})`);
  }
  return found;
}
