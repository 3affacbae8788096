import { queryOptions } from "@tanstack/react-query";
import { resultOf } from "./answer.ts";
import { api, openSession } from "./api-client.ts";
import { tryAgainMs } from "./try-again.ts";

/** Milliseconds between two looks at a list. */
const LIST_MS = 3_000;
/** A failed execution is looked at again after this time, in milliseconds: somebody else may resume it. */
const FAILED_MS = 5_000;

/** The filters of the list of executions, as the address has them. */
export interface ListFilters {
  status?: string | undefined;
  workflowId?: string | undefined;
  userId?: string | undefined;
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
  endedAfter?: string | undefined;
  parentId?: string | undefined;
  cursor?: string | undefined;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: openSession,
  staleTime: Number.POSITIVE_INFINITY,
});

export function executionsQuery(filters: ListFilters) {
  return queryOptions({
    queryKey: ["executions", filters],
    queryFn: () => resultOf(api.executions.$get({ query: given(filters) })),
    refetchInterval: LIST_MS,
    placeholderData: (previous) => previous,
  });
}

export function countQuery({ cursor: _cursor, ...filters }: ListFilters) {
  return queryOptions({
    queryKey: ["count", filters],
    queryFn: () => resultOf(api.count.$get({ query: given(filters) })),
    refetchInterval: 10 * LIST_MS,
  });
}

export const queueQuery = queryOptions({
  queryKey: ["queue"],
  queryFn: () => resultOf(api.queue.$get()),
  refetchInterval: 3 * LIST_MS,
});

/** What may wait for a person: the first page of it. */
export const suspendedQuery = executionsQuery({ status: "suspended" });

export function executionQuery(id: string) {
  return queryOptions({
    queryKey: ["execution", id],
    queryFn: () => resultOf(api.execution.$get({ query: { id } })),
  });
}

export function progressQuery(id: string) {
  return queryOptions({
    queryKey: ["progress", id],
    queryFn: () => resultOf(api.progress.$get({ query: { id } })),
    refetchInterval: (query) =>
      query.state.error === null && query.state.data?.execution.status === "failed" ? FAILED_MS : tryAgainMs(query),
  });
}

export function changeQuery(id: string, seq: number) {
  return queryOptions({
    queryKey: ["change", id, seq],
    queryFn: () => resultOf(api.change.$get({ query: { id, seq: String(seq) } })),
    // A record never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The filters that have a value. */
function given<T extends object>(filters: T): { [Name in keyof T]: string } {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value)) as { [Name in keyof T]: string };
}
