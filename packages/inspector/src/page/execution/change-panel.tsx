import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { resultOf } from "../answer.ts";
import { api, type Failure } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { Verbatim } from "../parts/verbatim.tsx";
import { changeQuery, sessionQuery } from "../queries.ts";
import { duration, fullTime, zonedTime } from "../time.ts";
import { FailurePanel, type Names } from "./failure-panel.tsx";
import { Operations } from "./operations.tsx";
import { type Path, ValueTree } from "./value-tree.tsx";

type Side = "changes" | "before" | "after";

interface ChangePanelProps {
  id: string;
  seq: number;
  /** The failure that the page shows already. */
  known: Failure | undefined;
  names: Names;
  onFork: (seq: number) => void;
}

/** What a record has changed, and the context on both sides of it. */
export function ChangePanel({ id, seq, known, names, onFork }: ChangePanelProps) {
  const { data, error } = useQuery(changeQuery(id, seq));
  const { data: session } = useQuery(sessionQuery);
  const [chosen, setSide] = useState<Side>();
  if (error !== null) return <Notice kind="error" title="This step cannot be shown" text={error.message} />;
  if (data === undefined) return <Skeleton rows={5} />;
  const { record, failure } = data;
  // A failed attempt has changed nothing; people want to know what it was given.
  const usual: Side = record.error !== undefined && data.operationsCount === 0 ? "before" : "changes";
  const shown: Side = data.before === undefined ? "after" : (chosen ?? usual);
  const isKnown = JSON.stringify(failure) === JSON.stringify(known);
  const isStart = seq === 0 || record.nodeId === "";
  const name = names.get(record.nodeId) ?? record.nodeName;
  const title = isStart ? "The start" : record.kind === "save" ? "A save" : name;
  return (
    <section className="change" aria-label={`Step ${seq}`}>
      <div className="card-head">
        <div>
          <h2>
            <Verbatim text={title} />
          </h2>
          <p className="quiet">
            record {seq}
            {record.nodeId !== "" && (
              <>
                {" · node "}
                <Verbatim text={record.nodeId} className="id" />
              </>
            )}
            {record.visit > 1 && ` · visit ${record.visit}`}
            {record.attempt > 1 && ` · attempt ${record.attempt}`}
            {record.kind !== "save" && seq > 0 && ` · ${duration(record.durationMs)}`}
            {" · "}
            <span title={zonedTime(record.timestamp)}>{fullTime(record.timestamp)}</span>
          </p>
        </div>
        {session?.actions === true && (
          <button type="button" className="button" onClick={() => onFork(seq)}>
            <Icon name="fork" /> Fork from here
          </button>
        )}
      </div>
      {failure !== undefined && !isKnown && (
        <FailurePanel failure={failure} title="This attempt failed" names={names} />
      )}
      {data.before !== undefined && (
        <fieldset className="segments">
          <legend className="sr-only">What is shown</legend>
          {(["changes", "before", "after"] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="segment"
              aria-pressed={shown === each}
              onClick={() => setSide(each)}
            >
              {labelOf(each, data.operationsCount)}
            </button>
          ))}
          <CopyButton
            name={shown === "changes" ? "the changes as JSON" : "the context as JSON"}
            text={() => JSON.stringify(shown === "changes" ? data.operations : data[shown], undefined, 2)}
          />
          <a
            className="icon-button small"
            href={downloadHref(id, seq, shown === "before" ? "before" : "after", [])}
            download
            title="Download the context"
            aria-label="Download the context"
          >
            <Icon name="download" size={14} />
          </a>
        </fieldset>
      )}
      {shown === "changes" ? (
        <Operations
          operations={data.operations as unknown as unknown[][]}
          count={data.operationsCount}
          before={data.before}
          none="The context has not changed."
        />
      ) : (
        <Whole id={id} seq={seq} side={shown} value={data[shown]} />
      )}
    </section>
  );
}

function labelOf(side: Side, changes: number): string {
  if (side === "changes") return `Changes (${changes})`;
  return side === "before" ? "Before" : "After";
}

function Whole({ id, seq, side, value }: { id: string; seq: number; side: "before" | "after"; value: unknown }) {
  const loadWhole = async (path: Path) => {
    const query = { id, seq: String(seq), side, path: JSON.stringify(path) };
    const { value: whole } = await resultOf<{ value: never }>(api.value.$get({ query }) as never);
    return whole;
  };
  return (
    <div className="values">
      <ValueTree value={value} loadWhole={loadWhole} downloadHref={(path) => downloadHref(id, seq, side, path)} />
    </div>
  );
}

function downloadHref(id: string, seq: number, side: "before" | "after", path: Path): string {
  const query = new URLSearchParams({ id, seq: String(seq), side, path: JSON.stringify(path), download: "1" });
  return new URL(`api/value?${query}`, document.baseURI).href;
}
