import { useQuery } from "@tanstack/react-query";
import { ApiError, resultOf } from "@waymark/inspector/page/answer.ts";
import { Icon } from "@waymark/inspector/page/icon.tsx";
import { Notice, Skeleton } from "@waymark/inspector/page/parts/notice.tsx";
import { say } from "@waymark/inspector/page/parts/toast.tsx";
import { visible } from "@waymark/inspector/page/parts/verbatim.tsx";
import { hrefOf, Link } from "@waymark/inspector/page/router.tsx";
import { lazy, Suspense, useState } from "react";
import { api, proof, type Run } from "./calls.ts";
import { SidePanel } from "./side-panel.tsx";
import { useRun } from "./use-run.ts";
import { verdict } from "./verdict.ts";

const Plots = lazy(() => import("./plots.tsx").then(({ Plots: component }) => ({ default: component })));
const Outputs = lazy(() => import("./outputs.tsx").then(({ Outputs: component }) => ({ default: component })));

const GONE = "The server was started anew and no longer has this run. This is what was known of it.";
/** The store that the server opens again after a start: its row is still there. */
const KEPT = "pglite";

/** A run of both executors, live. */
export function RunPage({ id }: { id: string }) {
  const { data, error } = useQuery({ queryKey: ["run", id], queryFn: () => resultOf(api.run.$get({ query: { id } })) });
  const live = useRun(id);
  const [selected, select] = useState<string>();
  const run = live ?? data;
  if (run === undefined) {
    if (error === null) return <Skeleton rows={8} />;
    return (
      <Notice kind="error" title="This run cannot be shown" text={error.message}>
        <Link href={hrefOf("")} className="button">
          Start another one
        </Link>
      </Notice>
    );
  }
  return (
    <>
      <RunHead run={run} isGone={error instanceof ApiError && error.status === 404} />
      <div className="sides">
        <SidePanel name="v1" side={run.v1} run={run} selected={selected} onSelect={select} />
        <SidePanel name="v2" side={run.v2} run={run} selected={selected} onSelect={select} />
      </div>
      <Suspense fallback={<Skeleton rows={4} />}>
        <Plots run={run} />
        {run.isOver && <Outputs run={run} />}
      </Suspense>
    </>
  );
}

function RunHead({ run, isGone }: { run: Run; isGone: boolean }) {
  const kill = async () => {
    try {
      await resultOf(api.run.kill.$post({ json: { id: run.id } }, await proof()));
      say("Killed with SIGKILL.");
    } catch (error) {
      say((error as Error).message, "bad");
    }
  };
  return (
    <div className="run-head">
      <div>
        <h1>
          <bdi>{visible(run.title)}</bdi>
        </h1>
        <p className="quiet" role="status">
          {run.isOver ? visible(verdict(run)) : isGone ? GONE : "Both run, each in a process of its own."}
        </p>
        {run.problem !== undefined && <p className="problem">{visible(run.problem)}</p>}
      </div>
      <div className="row">
        {run.isOver || isGone ? (
          <>
            {run.executionId !== undefined && (!isGone || run.store === KEPT) && (
              <a
                className="button primary"
                href={`/inspector/execution?${new URLSearchParams({ id: run.executionId })}`}
              >
                <Icon name="link" /> Open V2 in the inspector
              </a>
            )}
            <Link href={hrefOf("")} className="button">
              Another run
            </Link>
          </>
        ) : (
          <button type="button" className="button danger solid" onClick={() => void kill()}>
            <Icon name="cross" /> kill -9 now
          </button>
        )}
      </div>
    </div>
  );
}
