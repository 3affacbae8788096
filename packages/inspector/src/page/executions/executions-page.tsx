import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../answer.ts";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { countQuery, executionsQuery, type ListFilters, queueQuery } from "../queries.ts";
import { hrefOf, Link, navigate } from "../router.tsx";
import { ExecutionsTable } from "./executions-table.tsx";
import { Filters } from "./filters.tsx";
import { Pager } from "./pager.tsx";

const NAMES = [
  "status",
  "workflowId",
  "userId",
  "createdAfter",
  "createdBefore",
  "endedAfter",
  "parentId",
  "cursor",
] as const;

/** The list of executions. Its filters and its page are in the address. */
export function ExecutionsPage({ parameters }: { parameters: URLSearchParams }) {
  const filters: ListFilters = Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = parameters.get(name);
      return value === null || value === "" ? [] : [[name, value]];
    }),
  );
  const { data, error, dataUpdatedAt, isPlaceholderData } = useQuery(executionsQuery(filters));
  const count = useQuery(countQuery(filters));
  const { cursor, ...conditions } = filters;
  const isFiltered = Object.keys(conditions).length > 0;
  const change = (next: ListFilters) => navigate(hrefOf("", { ...conditions, ...next, cursor: undefined }));
  return (
    <>
      <div className="page-head">
        <h1>Executions</h1>
        <span className="quiet" aria-live="polite">
          {count.data === undefined ? "" : count.data.isMore ? "1,000 or more" : count.data.count.toLocaleString()}
        </span>
        <Queue />
      </div>
      <Filters filters={conditions} onChange={change} />
      {data === undefined ? (
        error === null ? (
          <Skeleton rows={10} />
        ) : (
          <Failed error={error} />
        )
      ) : data.items.length === 0 ? (
        <Nothing isFiltered={isFiltered} isPaged={cursor !== undefined} />
      ) : (
        <div className={isPlaceholderData ? "stale" : undefined}>
          <ExecutionsTable items={data.items} fetchedAt={dataUpdatedAt} />
          <Pager path="" filters={filters} nextCursor={data.nextCursor} />
        </div>
      )}
    </>
  );
}

/** What waits in the queue of the engine, if it has one. */
function Queue() {
  const { data } = useQuery(queueQuery);
  if (data?.isAway === true) return <span className="chip warn">the queue cannot be reached</span>;
  if (data?.depth === undefined) return null;
  const { ready, delayed, active } = data.depth;
  const [now, later, running] = [ready, delayed, active].map((count) => count.toLocaleString());
  return (
    <span className="chip">
      queue: {now} ready, {running} active, {later} delayed
    </span>
  );
}

function Failed({ error }: { error: Error }) {
  const isFilter = error instanceof ApiError && error.status === 400;
  return (
    <Notice
      kind="error"
      title={isFilter ? "This filter cannot be used" : "The executions cannot be shown"}
      text={error.message}
    >
      <Link href={hrefOf("")} className="button">
        Show all
      </Link>
    </Notice>
  );
}

function Nothing({ isFiltered, isPaged }: { isFiltered: boolean; isPaged: boolean }) {
  if (!isFiltered && !isPaged) {
    return (
      <Notice
        kind="empty"
        title="No executions yet"
        text="They appear here as soon as your application runs a workflow."
      />
    );
  }
  return (
    <Notice
      kind="empty"
      title="Nothing found"
      text={isPaged ? "This page has no executions any more." : "No execution meets all filters."}
    >
      <Link href={hrefOf("")} className="button">
        Show all
      </Link>
    </Notice>
  );
}
