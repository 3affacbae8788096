import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useState } from "react";
import { ApiError } from "../answer.ts";
import type { Progress } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { onDemand } from "../parts/on-demand.tsx";
import { visible } from "../parts/verbatim.tsx";
import { executionQuery, progressQuery } from "../queries.ts";
import { executionHref, hrefOf, Link, navigate } from "../router.tsx";
import { useNow } from "../time.ts";
import { Actions } from "./actions.tsx";
import { ExecutionHead, Relatives } from "./execution-head.tsx";
import { FailurePanel } from "./failure-panel.tsx";
import { ForkDialog } from "./fork-dialog.tsx";
import { spansOf } from "./spans.ts";
import { Timeline } from "./timeline.tsx";
import { useLive } from "./use-live.ts";
import { type LoadedRecords, useRecords } from "./use-records.ts";
import { WaitCards } from "./wait-cards.tsx";

const GraphView = onDemand(
  () => import("./graph-view.tsx").then(({ GraphView }) => GraphView),
  <div className="graph" />,
);
const ChangePanel = onDemand(
  () => import("./change-panel.tsx").then(({ ChangePanel }) => ChangePanel),
  <Skeleton rows={5} />,
);

/** A larger graph is laid out only if somebody wants it: that may take seconds. */
const MOST_NODES = 800;

/** One execution: what it does, why it failed, and every step of it. */
export function ExecutionPage({ id, parameters }: { id: string; parameters: URLSearchParams }) {
  const client = useQueryClient();
  const progress = useQuery(progressQuery(id));
  const records = useRecords(id);
  const { loadNewer } = records;
  const onChange = useCallback(() => {
    void client.invalidateQueries({ queryKey: ["progress", id] });
    loadNewer();
  }, [client, id, loadNewer]);
  const { data, error, dataUpdatedAt } = progress;
  const live = useLive(id, data?.execution.endedAt !== undefined, onChange);
  const newest = data?.execution.seq;
  // After an action, and if somebody else has resumed it: no stream says so.
  useEffect(() => {
    if (newest !== undefined) loadNewer();
  }, [newest, loadNewer]);
  if (data === undefined) return error === null ? <Skeleton rows={8} /> : <Failed error={error} id={id} />;
  return (
    <Loaded id={id} progress={data} fetchedAt={dataUpdatedAt} records={records} live={live} parameters={parameters}>
      {error instanceof ApiError && error.status === 404 ? (
        <Notice kind="error" title="It has been deleted" text="This is what was known of it." />
      ) : null}
    </Loaded>
  );
}

interface LoadedProps {
  id: string;
  progress: Progress;
  fetchedAt: number;
  records: LoadedRecords;
  live: string;
  parameters: URLSearchParams;
  children: React.ReactNode;
}

function Loaded({ id, progress, fetchedAt, records, live, parameters, children }: LoadedProps) {
  const { execution, failure, waiting, damage } = progress;
  const info = useQuery(executionQuery(id));
  const [forking, setForking] = useState<number>();
  const [isHugeShown, setHugeShown] = useState(false);
  const storeNow = useNow() - fetchedAt + Date.parse(execution.readAt);
  const graph = info.data?.definition.graph;
  const names = useMemo(() => new Map(graph?.nodes.map(({ id: nodeId, name }) => [nodeId, name ?? nodeId])), [graph]);
  // Open waits grow with the time; a second is fine enough for their bars.
  const spans = useMemo(() => spansOf(records.records, storeNow, names), [records.records, names, storeNow]);
  const visits = useMemo(() => {
    const most = new Map<string, number>();
    for (const { nodeId, visit } of records.records) most.set(nodeId, Math.max(visit, most.get(nodeId) ?? 0));
    return most;
  }, [records.records]);
  const chosen = parameters.get("seq");
  const fallback = spans.find(({ kind }) => kind === "error" || kind === "node") ?? spans[0];
  const selected = chosen === null ? fallback?.seq : Number(chosen);
  const select = (seq: number) => navigate(executionHref(id, { seq: String(seq) }), { replace: true });
  const selectedNode = spans.find(({ seq }) => seq === selected)?.nodeId;
  const selectNode = (nodeId: string) => {
    const span =
      spans.find((each) => each.nodeId === nodeId && each.kind !== "save") ??
      spans.find((each) => each.nodeId === nodeId);
    if (span !== undefined) select(span.seq);
  };
  return (
    <>
      <ExecutionHead execution={execution} storeNow={storeNow} live={live}>
        <Actions execution={execution} info={info.data} storeNow={storeNow} />
      </ExecutionHead>
      {children}
      {damage !== undefined && (
        <Notice kind="error" title={`The history cannot be read: ${damage.code}`} text={damage.message} />
      )}
      {failure !== undefined && execution.status !== "completed" && (
        <FailurePanel failure={failure} title={titleOf(execution.status)} names={names} />
      )}
      {waiting.length > 0 && <WaitCards id={id} waiting={waiting} />}
      <section className="panel" aria-label="Graph">
        {graph !== undefined && graph.nodes.length > MOST_NODES && !isHugeShown && (
          <p className="row pad">
            The graph has {graph.nodes.length.toLocaleString()} nodes.
            <button type="button" className="button small" onClick={() => setHugeShown(true)}>
              Show it
            </button>
          </p>
        )}
        {graph !== undefined && (graph.nodes.length <= MOST_NODES || isHugeShown) && (
          <GraphView graph={graph} progress={progress} visits={visits} selected={selectedNode} onSelect={selectNode} />
        )}
        {info.data !== undefined && graph === undefined && (
          <p className="quiet pad">No definition was kept with this execution, so there is no graph.</p>
        )}
      </section>
      <div className="panels">
        <section className="panel left" aria-label="Steps">
          {spans.length === 0 && records.isLoading && <Skeleton rows={5} />}
          {records.error !== undefined && spans.length === 0 && (
            <Notice kind="error" title="The steps cannot be shown" text={records.error.message} />
          )}
          {spans.length > 0 && <Timeline {...records} spans={spans} selected={selected} onSelect={select} />}
        </section>
        <section className="panel right" aria-label="The selected step">
          {selected !== undefined && Number.isSafeInteger(selected) && (
            <ChangePanel key={selected} id={id} seq={selected} known={failure} names={names} onFork={setForking} />
          )}
        </section>
      </div>
      {info.data !== undefined && <Relatives info={info.data} execution={execution} />}
      {forking !== undefined && info.data !== undefined && (
        <ForkDialog id={id} seq={forking} definition={info.data.definition} onClose={() => setForking(undefined)} />
      )}
    </>
  );
}

function titleOf(status: string): string {
  if (status === "failed") return "Failed";
  return status === "cancelled" ? "Cancelled" : "The last attempt failed";
}

function Failed({ error, id }: { error: Error; id: string }) {
  const isGone = error instanceof ApiError && error.status === 404;
  return (
    <Notice
      kind="error"
      title={isGone ? "There is no such execution" : "The execution cannot be shown"}
      text={isGone ? `${visible(id)} was deleted, or never was here.` : error.message}
    >
      <Link className="button" href={hrefOf("")}>
        <Icon name="list" /> All executions
      </Link>
    </Notice>
  );
}
