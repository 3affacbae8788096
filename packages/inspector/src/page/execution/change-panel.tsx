import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Change, type Failure, resultOf } from "../api-client.ts";
import { Icon } from "../icon.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { Notice, Skeleton } from "../parts/notice.tsx";
import { Verbatim, visible } from "../parts/verbatim.tsx";
import { changeQuery, sessionQuery } from "../queries.ts";
import { duration, fullTime, zonedTime } from "../time.ts";
import { FailurePanel } from "./failure-panel.tsx";
import { type Path, ValueTree } from "./value-tree.tsx";

type Side = "changes" | "before" | "after";

interface ChangePanelProps {
  id: string;
  seq: number;
  /** The failure that the page shows already. */
  known: Failure | undefined;
  onFork: (seq: number) => void;
}

/** What a record has changed, and the context on both sides of it. */
export function ChangePanel({ id, seq, known, onFork }: ChangePanelProps) {
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
  const title = seq === 0 || record.nodeId === "" ? "The start" : record.kind === "save" ? "A save" : record.nodeName;
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
      {failure !== undefined && !isKnown && <FailurePanel failure={failure} title="This attempt failed" />}
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
        <Operations change={data} id={id} seq={seq} />
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

const SIGNS: Record<string, { sign: string; word: string; className: string }> = {
  add: { sign: "+", word: "added", className: "added" },
  set: { sign: "~", word: "changed", className: "changed" },
  delete: { sign: "−", word: "removed", className: "removed" },
  push: { sign: "+", word: "appended", className: "added" },
  splice: { sign: "~", word: "replaced items of", className: "changed" },
  order: { sign: "⇅", word: "order of keys", className: "changed" },
};

/** The operations of the delta from one context to the next. */
function Operations({ change, id, seq }: { change: Change; id: string; seq: number }) {
  const operations = change.operations as unknown as unknown[][];
  if (operations.length === 0) return <p className="quiet">The context has not changed.</p>;
  return (
    <ul className="operations">
      {operations.map((operation, index) => (
        <li key={index}>
          <Operation operation={operation} before={change.before} id={id} seq={seq} />
        </li>
      ))}
      {change.operationsCount > operations.length && (
        <li className="quiet">{change.operationsCount - operations.length} more changes: see before and after.</li>
      )}
    </ul>
  );
}

function Operation({ operation, before }: { operation: unknown[]; before: unknown; id: string; seq: number }) {
  const [name = "", given, ...rest] = operation as [string, Path, ...unknown[]];
  const path = Array.isArray(given) ? given : [];
  const old = at(before, path);
  const kind = name === "set" && old === undefined && path.length > 0 ? "add" : name;
  const { sign, word, className } = SIGNS[kind] ?? { sign: "~", word: kind, className: "changed" };
  const [start, deleted, ...inserted] = rest as [number, number, ...unknown[]];
  return (
    <div className={`operation ${className}`}>
      <p>
        <span className="sign" aria-hidden="true">
          {sign}
        </span>
        <span className="sr-only">{word} </span>
        <code>{visible(pathText(path))}</code>
        {name === "splice" && (
          <span className="quiet">
            {" "}
            from {start}: {deleted} removed
          </span>
        )}
      </p>
      {(kind === "set" || kind === "delete") && old !== undefined && (
        <div className="old">
          <ValueTree value={old} depth={2} />
        </div>
      )}
      {name === "set" && (
        <div className="new">
          <ValueTree value={rest[0]} depth={1} />
        </div>
      )}
      {(name === "push" ? rest : name === "splice" ? inserted : []).map((item, index) => (
        <div className="new" key={index}>
          <ValueTree value={item} depth={1} />
        </div>
      ))}
    </div>
  );
}

function at(json: unknown, path: Path): unknown {
  let value = json;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

function pathText(path: Path): string {
  if (path.length === 0) return "the whole context";
  return path
    .map((key, index) => {
      if (typeof key === "number") return `[${key}]`;
      if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `[${JSON.stringify(key)}]`;
      return index === 0 ? key : `.${key}`;
    })
    .join("");
}
