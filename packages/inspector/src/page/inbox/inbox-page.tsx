import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ExecutionRow } from "../api-client.ts";
import { WaitCards } from "../execution/wait-cards.tsx";
import { Pager } from "../executions/pager.tsx";
import { Icon } from "../icon.tsx";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { Verbatim } from "../parts/verbatim.tsx";
import { executionsQuery, progressQuery } from "../queries.ts";
import { executionHref, Link } from "../router.tsx";
import { relative, useNow } from "../time.ts";
import { questionsOf } from "./questions.ts";

/** What waits for a person, with a form to answer. A sleep is no question, so it is left out. */
export function InboxPage({ parameters }: { parameters: URLSearchParams }) {
  const filters = { status: "suspended", cursor: parameters.get("cursor") ?? undefined };
  const { data, error, dataUpdatedAt } = useQuery(executionsQuery(filters));
  const asking = questionsOf(data?.items ?? []);
  const sleeping = data?.items.filter(isAsleep).length ?? 0;
  const isAll = data?.nextCursor === undefined && filters.cursor === undefined;
  return (
    <>
      <div className="page-head">
        <h1>Inbox</h1>
        <span className="quiet">what waits for a person</span>
      </div>
      {data === undefined && error === null && <Skeleton />}
      {data === undefined && error !== null && (
        <Notice kind="error" title="The inbox cannot be shown" text={error.message} />
      )}
      {data !== undefined && asking.length === 0 && (
        <Notice
          kind="done"
          title={isAll ? "Nothing waits for you" : "Nothing on this page waits for you"}
          text={sleeping > 0 ? `${sleeping} only sleep until a time.` : undefined}
        />
      )}
      <ul className="cards">
        {asking.map((item) => (
          <li key={item.id}>
            <Question item={item} fetchedAt={dataUpdatedAt} />
          </li>
        ))}
      </ul>
      <Pager path="inbox" filters={{ cursor: filters.cursor }} nextCursor={data?.nextCursor} />
    </>
  );
}

function isAsleep({ waiting = [] }: ExecutionRow): boolean {
  return waiting.length > 0 && waiting.every(({ until, reason }) => until !== undefined && reason === undefined);
}

function Question({ item, fetchedAt }: { item: ExecutionRow; fetchedAt: number }) {
  const [isOpen, setOpen] = useState(false);
  const now = useNow() - fetchedAt + Date.parse(item.readAt);
  const [first] = item.waiting ?? [];
  return (
    <section className="card">
      <div className="card-head">
        <div>
          <h2>
            <Verbatim text={first?.reason ?? `${first?.nodeName ?? "A node"} waits for an answer`} />
          </h2>
          <p className="quiet">
            <Link href={executionHref(item.id)}>
              <Verbatim text={item.id} className="id" />
            </Link>{" "}
            · <Verbatim text={item.workflowId} /> · <Verbatim text={item.userId} />
            {item.parentId !== undefined && (
              <>
                {" · started by "}
                <Link href={executionHref(item.parentId)}>
                  <Verbatim text={item.parentId} className="id" />
                </Link>
              </>
            )}
            {first !== undefined && <> · asked {relative(Date.parse(first.since), now)}</>}
            {first?.until !== undefined && <> · until {relative(Date.parse(first.until), now)}</>}
            {(item.waitingCount ?? 0) > 1 && <> · {item.waitingCount} questions</>}
          </p>
        </div>
        <button type="button" className="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <Icon name={isOpen ? "cross" : "inbox"} /> {isOpen ? "Close" : "Answer"}
        </button>
      </div>
      {isOpen && <Answers id={item.id} />}
    </section>
  );
}

function Answers({ id }: { id: string }) {
  const { data, error } = useQuery(progressQuery(id));
  if (error !== null) return <Notice kind="error" title="The questions cannot be shown" text={error.message} />;
  if (data === undefined) return <Skeleton rows={2} />;
  return <WaitCards id={id} waiting={data.waiting} />;
}
