import { Skeleton } from "@waymark/inspector/page/parts/notice.tsx";
import { visible } from "@waymark/inspector/page/parts/verbatim.tsx";
import { lazy, Suspense, useMemo } from "react";
import type { Run, Side } from "./calls.ts";

const GraphView = lazy(() =>
  import("@waymark/inspector/page/execution/graph-view.tsx").then(({ GraphView: component }) => ({
    default: component,
  })),
);

const TITLES = { v1: "V1 · stores nothing", v2: "V2 · a checkpoint after every node" };
const STATES: Record<Side["status"], { label: string; tone: string }> = {
  starting: { label: "starting", tone: "quiet" },
  running: { label: "running", tone: "busy" },
  recovering: { label: "another process looks for it", tone: "wait" },
  completed: { label: "completed", tone: "good" },
  failed: { label: "stopped", tone: "bad" },
  waiting: { label: "waits for an answer", tone: "wait" },
};

interface SidePanelProps {
  name: "v1" | "v2";
  side: Side;
  run: Run;
  selected: string | undefined;
  onSelect: (nodeId: string) => void;
}

/** One executor: its graph, what it has cost, and its processes. */
export function SidePanel({ name, side, run, selected, onSelect }: SidePanelProps) {
  const { counters } = side;
  const { label, tone } = STATES[side.status];
  const progress = {
    execution: {
      status: side.status === "failed" ? "failed" : "running",
      failure: side.failedNode === undefined ? undefined : { nodeId: side.failedNode },
    },
    ran: side.ran,
    skipped: side.skipped,
    next: side.running,
    waiting: [],
  };
  const graph = useGraph(run);
  return (
    <section className="card side" aria-label={name === "v1" ? "V1" : "V2"}>
      <div className="card-head">
        <h2>{TITLES[name]}</h2>
        <span className={`badge ${tone}`}>{label}</span>
      </div>
      <dl className="counters">
        <Counter name="nodes run again" value={counters.nodesAgain} isBad={counters.nodesAgain > 0} />
        <Counter name="effects done twice" value={counters.effectsTwice} isBad={counters.effectsTwice > 0} />
        <Counter name="effects" value={counters.effects} />
        <Counter name="checkpoints" value={counters.checkpoints} />
        <Counter name="processes" value={side.processes.length} />
      </dl>
      <Suspense fallback={<Skeleton rows={6} />}>
        <GraphView
          graph={graph}
          progress={progress}
          visits={NO_VISITS}
          selected={selected}
          onSelect={onSelect}
          direction="TB"
          hint="Press enter or space to mark the node in both graphs."
        />
      </Suspense>
      <ol className="log" aria-label={`What has happened in ${name === "v1" ? "V1" : "V2"}`}>
        {side.log.map(({ atMs, text }) => (
          <li key={`${atMs} ${text}`}>
            <span className="quiet">{(atMs / 1000).toFixed(1)} s</span> {visible(text)}
          </li>
        ))}
      </ol>
    </section>
  );
}

const NO_VISITS = new Map<string, number>();

/** The graph of a run. It does not change, though every event brings it again. */
function useGraph(run: Run): Run["graph"] {
  return useMemo(() => run.graph, [run.id]);
}

function Counter({ name, value, isBad = false }: { name: string; value: number; isBad?: boolean }) {
  return (
    <div className={isBad ? "counter bad" : "counter"}>
      <dt>{name}</dt>
      <dd>{value.toLocaleString()}</dd>
    </div>
  );
}
