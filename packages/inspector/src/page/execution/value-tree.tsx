import { type ReactNode, useState } from "react";
import { visible } from "../parts/verbatim.tsx";

/*
 * A value as the codec writes it: JSON, in which {"$type": name, "value": …} stands for what JSON does not have. Nothing
 * is made of it but text.
 */

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };
export type Path = readonly (string | number)[];

/** Loads the whole of a value that was cut. */
export type LoadWhole = (path: Path) => Promise<Json>;

interface TreeProps {
  value: unknown;
  label?: string | undefined;
  path?: Path;
  depth?: number;
  loadWhole?: LoadWhole | undefined;
  downloadHref?: ((path: Path) => string) | undefined;
}

/** The entries of a container that are shown at first, and with each further click. */
const PORTION = 50;
const LONG_TEXT = 400;
const OPEN_DEPTH = 2;
const OPEN_ENTRIES = 12;

/** Shows a value with all its parts, and each kind of value as what it is. */
export function ValueTree({ value, label, path = [], depth = 0, ...rest }: TreeProps) {
  const shared = { label, path, depth, ...rest };
  const json = value as Json;
  if (Array.isArray(json)) return <Container {...shared} open="[" close="]" entries={listEntries(json, path)} />;
  if (typeof json !== "object" || json === null) return <Line label={label}>{primitive(json)}</Line>;
  const fields = json as { readonly [key: string]: Json };
  if (Object.hasOwn(fields, "$type")) return <Tagged {...shared} name={String(fields.$type)} content={fields.value} />;
  return <Container {...shared} open="{" close="}" entries={objectEntries(fields, path)} />;
}

type Entry = { key: string; label: ReactNode; value: Json; path: Path };

function listEntries(items: readonly Json[], path: Path): Entry[] {
  return items.map((value, index) => ({ key: String(index), label: String(index), value, path: [...path, index] }));
}

function objectEntries(fields: { readonly [key: string]: Json }, path: Path): Entry[] {
  return Object.entries(fields).map(([key, value]) => ({ key, label: key, value, path: [...path, key] }));
}

type Shared = Omit<TreeProps, "value"> & { path: Path; depth: number };

/** A value that JSON does not have. */
function Tagged({ name, content, ...shared }: Shared & { name: string; content: Json }) {
  const { label, path } = shared;
  const inner = [...path, "value"];
  switch (name) {
    case "undefined":
      return <Line label={label}>{atom("undefined", "v-null")}</Line>;
    case "bigint":
      return <Line label={label}>{atom(`${String(content)}n`, "v-number", "bigint")}</Line>;
    case "number":
      return <Line label={label}>{atom(String(content), "v-number", "number")}</Line>;
    case "Date":
      return <Line label={label}>{atom(content === null ? "invalid" : String(content), "v-date", "Date")}</Line>;
    case "Object":
      return (
        <Container
          {...shared}
          open="{"
          close="}"
          entries={objectEntries((content ?? {}) as { [key: string]: Json }, inner)}
        />
      );
    case "Set":
      return (
        <Container {...shared} tag="Set" open="{" close="}" entries={listEntries((content ?? []) as Json[], inner)} />
      );
    case "Map":
      return (
        <Container {...shared} tag="Map" open="{" close="}" entries={mapEntries((content ?? []) as Json[], inner)} />
      );
    case "waymark:redacted":
      return <Line label={label}>{atom("redacted", "v-hidden")}</Line>;
    case "waymark:cut":
      return <Cut {...shared} content={content as unknown as CutContent} />;
    default:
      return (
        <Container
          {...shared}
          tag={name}
          open="("
          close=")"
          entries={[{ key: "value", label: "value", value: content, path: inner }]}
        />
      );
  }
}

function mapEntries(entries: readonly Json[], path: Path): Entry[] {
  return entries.map((entry, index) => {
    const [key, value] = (Array.isArray(entry) ? entry : [entry]) as Json[];
    return { key: String(index), label: `${keyText(key)} ⇒`, value, path: [...path, index, 1] };
  });
}

/** The key of a map, in the words in which such a value is shown. */
function keyText(key: Json): string {
  const text = JSON.stringify(key) ?? "undefined";
  if (typeof key !== "object" || key === null || Array.isArray(key)) return text;
  const { $type: name, value } = key as { readonly [key: string]: Json };
  if (name === "bigint") return `${String(value)}n`;
  if (name === "number") return String(value);
  if (name === "undefined") return name;
  return name === "Date" ? `Date ${String(value ?? "invalid")}` : text;
}

interface CutContent {
  of: "string" | "array" | "object";
  size: number;
  start: Json;
}

function Cut({ content, ...shared }: Shared & { content: CutContent }) {
  const { label, path, loadWhole, downloadHref } = shared;
  const [whole, setWhole] = useState<Json>();
  const [problem, setProblem] = useState<string>();
  const [isLoading, setLoading] = useState(false);
  const { of, size, start } = content;
  if (whole !== undefined) return <ValueTree {...shared} loadWhole={undefined} value={whole} />;
  const load = () => {
    setLoading(true);
    loadWhole?.(path)
      .then(setWhole, (error: Error) => setProblem(error.message))
      .finally(() => setLoading(false));
  };
  const unit = of === "string" ? "characters" : "entries";
  return (
    <div className="cut">
      <ValueTree {...shared} label={label} value={start} />
      <p className="row quiet">
        the start of {size.toLocaleString()} {unit}
        {loadWhole !== undefined && (
          <button type="button" className="button small" disabled={isLoading} onClick={load}>
            Show more
          </button>
        )}
        {downloadHref !== undefined && (
          <a className="button small" href={downloadHref(path)} download>
            Download all
          </a>
        )}
        {problem}
      </p>
    </div>
  );
}

function Container(props: Shared & { tag?: string; open: string; close: string; entries: readonly Entry[] }) {
  const { label, depth, tag, open, close, entries, loadWhole, downloadHref } = props;
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH && entries.length <= OPEN_ENTRIES);
  const [shown, setShown] = useState(PORTION);
  const prefix = tag === undefined ? "" : `${tag} `;
  if (entries.length === 0) return <Line label={label}>{atom(`${prefix}${open}${close}`, "v-null")}</Line>;
  const count = entries.length === 1 ? "1 entry" : `${entries.length} entries`;
  return (
    <div className="tree">
      <button type="button" className="twist" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span aria-hidden="true" className="arrow" />
        {label !== undefined && <Key label={label} />}
        {tag !== undefined && <span className="type">{visible(tag)}</span>}{" "}
        <span className="quiet">{`${open} ${count} ${close}`}</span>
      </button>
      {isOpen && (
        <div className="children">
          {entries.slice(0, shown).map((entry) => (
            <ValueTree
              key={entry.key}
              value={entry.value}
              label={typeof entry.label === "string" ? entry.label : undefined}
              path={entry.path}
              depth={depth + 1}
              loadWhole={loadWhole}
              downloadHref={downloadHref}
            />
          ))}
          {shown < entries.length && (
            <button type="button" className="button small" onClick={() => setShown(shown + PORTION)}>
              {Math.min(PORTION, entries.length - shown)} more of {entries.length - shown}
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Key({ label }: { label: string }) {
  return <span className="key">{visible(label.endsWith(" ⇒") ? `${label} ` : `${label}: `)}</span>;
}

function Line({ label, children }: { label?: string | undefined; children: ReactNode }) {
  return (
    <div className="line">
      {label !== undefined && <Key label={label} />}
      {children}
    </div>
  );
}

function primitive(json: Json): ReactNode {
  if (typeof json === "string") return <LongText text={json} />;
  if (typeof json === "number") return atom(String(json), "v-number");
  if (typeof json === "boolean") return atom(String(json), "v-boolean");
  return atom(json === null ? "null" : "undefined", "v-null");
}

function LongText({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(text.length <= LONG_TEXT);
  const shown = visible(JSON.stringify(isWhole ? text : `${text.slice(0, LONG_TEXT)}…`));
  return (
    <>
      <bdi className="v-string">{shown}</bdi>
      {!isWhole && (
        <button type="button" className="button small" onClick={() => setWhole(true)}>
          {text.length.toLocaleString()} characters
        </button>
      )}
    </>
  );
}

function atom(text: string, className: string, type?: string): ReactNode {
  return (
    <>
      {type !== undefined && <span className="type">{type} </span>}
      <bdi className={className}>{visible(text)}</bdi>
    </>
  );
}
