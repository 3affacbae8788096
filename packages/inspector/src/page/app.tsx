import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ApiError } from "./api-client.ts";
import { useConnection } from "./connection.ts";
import { ExecutionPage } from "./execution/execution-page.tsx";
import { ExecutionsPage } from "./executions/executions-page.tsx";
import { Icon } from "./icon.tsx";
import { InboxPage } from "./inbox/inbox-page.tsx";
import { Notice } from "./parts/notice.tsx";
import { Toasts } from "./parts/toast.tsx";
import { inboxCountQuery, sessionQuery } from "./queries.ts";
import { hrefOf, Link, usePlace } from "./router.tsx";
import { ThemeButton } from "./theme.tsx";

/** The frame of every page, and the page that the address names. */
export function App() {
  const place = usePlace();
  const session = useQuery(sessionQuery);
  const main = useRef<HTMLElement>(null);
  const path = place.path;
  const isFirst = useRef(true);
  // A new page moves the focus, for screen readers and keyboards.
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  return (
    <>
      <button type="button" className="skip-link" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className="top">
        <Link href={hrefOf("")} className="brand" aria-label="Waymark inspector, all executions">
          <Logo />
          <span>Waymark</span>
        </Link>
        <nav aria-label="Pages">
          <Link href={hrefOf("")} className="tab" aria-current={path === "" ? "page" : undefined}>
            <Icon name="list" /> Executions
          </Link>
          <Link href={hrefOf("inbox")} className="tab" aria-current={path === "inbox" ? "page" : undefined}>
            <Icon name="inbox" /> Inbox
            <InboxCount />
          </Link>
        </nav>
        <span className="grow" />
        {session.data?.userId !== undefined && <span className="chip">user {session.data.userId}</span>}
        {session.data?.actions === false && <span className="chip">read only</span>}
        <ThemeButton />
      </header>
      <ConnectionBanner />
      <main id="main" className="page" ref={main} tabIndex={-1}>
        {session.error instanceof ApiError && session.error.status === 403 ? (
          <Notice kind="error" title="You may not look at this" text={session.error.message} />
        ) : (
          <Page path={path} parameters={place.parameters} />
        )}
      </main>
      <Toasts />
    </>
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
  const { data } = useQuery(inboxCountQuery);
  if (data === undefined || data.count === 0) return null;
  return (
    <span className="count">
      {data.isMore ? "1,000+" : data.count}
      <span className="sr-only"> suspended</span>
    </span>
  );
}

function ConnectionBanner() {
  const state = useConnection();
  if (state === "online") return null;
  return (
    <div className="banner" role="status">
      <Icon name="warn" />
      {state === "unreachable"
        ? "The server cannot be reached. This is what was known; the page tries again."
        : "The store cannot be reached. This is what was known; the page tries again."}
    </div>
  );
}

function Logo() {
  return (
    <svg aria-hidden="true" width="24" height="24" viewBox="0 0 24 24" className="logo">
      <rect width="24" height="24" rx="7" className="logo-ground" />
      <path d="M5 8l3.5 8L12 9l3.5 7L19 8" fill="none" strokeWidth="2.2" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
