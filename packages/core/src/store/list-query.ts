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
  // Decoded later, once the listing's order is known.
  cursor: optional(() => {}),
  limit: optional((value, path) => {
    checkCount(value, path);
    if (value < 1 || value > MAX_PAGE_SIZE) throw invalid(path, `must be 1 to ${MAX_PAGE_SIZE}`);
  }),
  order: optional(checkOrder),
});

/**
 * The conditions of a listing, checked and with the defaults filled in.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/write-a-store.md#6-history-and-listing
 */
export interface ListQuery extends Omit<ListExecutionsOptions, "status" | "cursor" | "limit" | "order"> {
  statuses?: readonly WorkflowStatus[];
  /** The time by which the listing is ordered; rows with the same time are ordered by id. */
  sortBy: SortKey;
  /** The last row of the page before. */
  after?: PagePosition;
  limit: number;
  order: "asc" | "desc";
}

/**
 * Checks the argument of {@link CheckpointStore.listExecutions}.
 *
 * - A filter that is `undefined`, `null` or "" is refused: a missing value must never mean "everything".
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
      throw invalid("topLevel", "cannot be combined with parentId");
    }
    return query;
  } catch (thrown) {
    throw refusalFor(thrown);
  }
}

function sortKeyOf({ due, leaseExpired, order, createdBefore }: ListExecutionsOptions): SortKey {
  if (due !== true && leaseExpired !== true) return "createdAt";
  const name = due === true ? "due" : "leaseExpired";
  if (due === true && leaseExpired === true) throw invalid("leaseExpired", "cannot be combined with due");
  if (order !== undefined) throw invalid("order", `cannot be combined with ${name}, which has an order of its own`);
  if (createdBefore !== undefined) throw invalid("createdBefore", `cannot be combined with ${name}`);
  return due === true ? "wakeAt" : "leaseUntil";
}
