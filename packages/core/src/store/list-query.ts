import type { ListExecutionsOptions, WorkflowStatus } from "./checkpoint-store.ts";
import {
  checkCount,
  checkFlag,
  checkId,
  checkOrder,
  checkSpan,
  checkStatus,
  checkStatuses,
  checkTime,
  invalid,
  refusalFor,
} from "./checks.ts";
import { checkFields, fieldsOf, narrowing, optional } from "./fields.ts";
import { DEFAULT_PAGE_SIZE, decodeCursor, MAX_PAGE_SIZE, type PagePosition, type SortKey } from "./paging.ts";

const LIST = fieldsOf<ListExecutionsOptions>("options", "", {
  workflowId: narrowing(checkId),
  userId: narrowing(checkId),
  status: narrowing((value, path) => (typeof value === "string" ? checkStatus : checkStatuses)(value, path)),
  leaseExpired: narrowing(checkFlag),
  due: narrowing(checkFlag),
  parentId: narrowing(checkId),
  topLevel: narrowing(checkFlag),
  createdAfter: narrowing(checkTime),
  createdBefore: narrowing(checkTime),
  endedAfter: narrowing(checkTime),
  endedForMs: narrowing(checkSpan),
  // Decoded once it is known which listing it is of.
  cursor: optional(() => {}),
  limit: optional((value, path) => {
    checkCount(value, path);
    if (value < 1 || value > MAX_PAGE_SIZE) throw invalid(path, `must be 1 to ${MAX_PAGE_SIZE}`);
  }),
  order: optional(checkOrder),
});

/** A listing's conditions, checked and with its defaults filled in. */
export interface ListQuery extends Omit<ListExecutionsOptions, "status" | "cursor" | "limit" | "order"> {
  statuses?: readonly WorkflowStatus[];
  /** The time that it is ordered by, before the id. */
  sortBy: SortKey;
  /** The last row of the page before. */
  after?: PagePosition;
  limit: number;
  order: "asc" | "desc";
}

/**
 * Checks what {@link CheckpointStore.listExecutions} is given.
 *
 * - A filter that is there but `undefined`, `null` or "" is refused: a filter that vanishes must never mean everything.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkListExecutions(options: ListExecutionsOptions): ListQuery {
  try {
    checkFields(options, LIST);
    const { status, cursor, limit = DEFAULT_PAGE_SIZE, order = "desc", ...filters } = options;
    const query: ListQuery = { ...filters, sortBy: sortKeyOf(options), limit, order };
    if (status !== undefined) query.statuses = typeof status === "string" ? [status] : [...status];
    if (cursor !== undefined) query.after = decodeCursor(cursor, query.sortBy);
    if (query.sortBy !== "createdAt") query.order = "asc";
    if (filters.topLevel === true && filters.parentId !== undefined) {
      throw invalid("topLevel", "does not go with parentId");
    }
    return query;
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

function sortKeyOf({ due, leaseExpired, order, createdBefore }: ListExecutionsOptions): SortKey {
  if (due !== true && leaseExpired !== true) return "createdAt";
  const name = due === true ? "due" : "leaseExpired";
  if (due === true && leaseExpired === true) throw invalid("leaseExpired", "does not go with due");
  if (order !== undefined) throw invalid("order", `does not go with ${name}, which has an order of its own`);
  if (createdBefore !== undefined) throw invalid("createdBefore", `does not go with ${name}`);
  return due === true ? "wakeAt" : "leaseUntil";
}
