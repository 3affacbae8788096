import { useQuery } from "@tanstack/react-query";
import { ApiError } from "./answer.ts";
import { ExecutionPage } from "./execution/execution-page.tsx";
import { ExecutionsPage } from "./executions/executions-page.tsx";
import { Icon } from "./icon.tsx";
import { InboxPage } from "./inbox/inbox-page.tsx";
import { questionsOf } from "./inbox/questions.ts";
import { Frame } from "./parts/frame.tsx";
import { Notice } from "./parts/notice.tsx";
import { Verbatim } from "./parts/verbatim.tsx";
import { sessionQuery, suspendedQuery } from "./queries.ts";
import { hrefOf, Link, usePlace } from "./router.tsx";

/** Milliseconds between two looks at the inbox from elsewhere. */
const COUNT_MS = 15_000;

/** The frame of every page, and the page that the address names. */
export function App() {
  const place = usePlace();
  const session = useQuery(sessionQuery);
  const { path } = place;
  const tabs = (
    <>
      <Link href={hrefOf("")} className="tab" aria-current={path === "" ? "page" : undefined}>
        <Icon name="list" /> Executions
      </Link>
      <Link href={hrefOf("inbox")} className="tab" aria-current={path === "inbox" ? "page" : undefined}>
        <Icon name="inbox" /> Inbox
        <InboxCount />
      </Link>
    </>
  );
  const aside = (
    <>
      {session.data?.userId !== undefined && (
        <span className="chip">
          user <Verbatim text={session.data.userId} />
        </span>
      )}
      {session.data?.actions === false && <span className="chip">read only</span>}
    </>
  );
  return (
    <Frame
      home={{ href: hrefOf(""), label: "Waymark inspector, all executions" }}
      tabs={tabs}
      aside={aside}
      path={path}
    >
      {session.error instanceof ApiError && session.error.status === 403 ? (
        <Notice kind="error" title="You may not look at this" text={session.error.message} />
      ) : (
        <Page path={path} parameters={place.parameters} />
      )}
    </Frame>
  );
}

function Page({ path, parameters }: { path: string; parameters: URLSearchParams }) {
  if (path === "") return <ExecutionsPage parameters={parameters} />;
  if (path === "inbox") return <InboxPage parameters={parameters} />;
  const id = parameters.get("id");
  if (path === "execution" && id !== null && id !== "") {
    return <ExecutionPage key={id} id={id} parameters={parameters} />;
  }
  return (
    <div className="empty">
      <h1>There is no such page</h1>
      <Link href={hrefOf("")} className="button">
        All executions
      </Link>
    </div>
  );
}

function InboxCount() {
  const { data } = useQuery({ ...suspendedQuery, refetchInterval: COUNT_MS });
  const count = questionsOf(data?.items ?? []).length;
  if (count === 0) return null;
  return (
    <span className="count">
      {count}
      {data?.nextCursor !== undefined && "+"}
      <span className="sr-only"> waiting for an answer</span>
    </span>
  );
}
