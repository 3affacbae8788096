import { visible } from "../parts/verbatim.tsx";
import { type Path, ValueTree } from "./value-tree.tsx";

const SIGNS: Record<string, { sign: string; word: string; className: string }> = {
  add: { sign: "+", word: "added", className: "added" },
  set: { sign: "~", word: "changed", className: "changed" },
  delete: { sign: "−", word: "removed", className: "removed" },
  push: { sign: "+", word: "appended", className: "added" },
  splice: { sign: "~", word: "replaced items of", className: "changed" },
  order: { sign: "⇅", word: "order of keys", className: "changed" },
};

interface OperationsProps {
  /** The operations of a delta, as the codec writes them: `[name, path, …]`. */
  operations: readonly unknown[][];
  /** The number of all operations, if not all are given. */
  count: number;
  /** The value that they change. */
  before: unknown;
  /** What is said if there are none. */
  none: string;
}

/** The operations of the delta from one value to another. */
export function Operations({ operations, count, before, none }: OperationsProps) {
  if (operations.length === 0) return <p className="quiet">{none}</p>;
  return (
    <ul className="operations">
      {operations.map((operation, index) => (
        <li key={index}>
          <Operation operation={operation} before={before} />
        </li>
      ))}
      {count > operations.length && (
        <li className="quiet">{count - operations.length} more changes: see before and after.</li>
      )}
    </ul>
  );
}

function Operation({ operation, before }: { operation: unknown[]; before: unknown }) {
  const [name = "", given, ...rest] = operation as [string, Path, ...unknown[]];
  const path = Array.isArray(given) ? given : [];
  const place = placeIn(before, path);
  const old = place === "cut" ? undefined : place?.value;
  const kind = name === "set" && place === undefined ? "add" : name;
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

/** Finds the place of a path; `undefined` if there is none, "cut" if the server has cut what would tell. */
function placeIn(json: unknown, path: Path): { value: unknown } | "cut" | undefined {
  let value = json;
  for (const key of path) {
    const { content, isCut } = partsOf(value);
    if (typeof content !== "object" || content === null || !Object.hasOwn(content, key)) {
      return isCut ? "cut" : undefined;
    }
    value = (content as Record<string | number, unknown>)[key];
  }
  return { value };
}

/** The parts of a value that the path of an operation leads to, as far as they are here. */
function partsOf(json: unknown): { content: unknown; isCut: boolean } {
  if (typeof json !== "object" || json === null || !("$type" in json) || !("value" in json)) {
    return { content: json, isCut: false };
  }
  if (json.$type === "Object") return { content: json.value, isCut: false };
  if (json.$type !== "waymark:cut") return { content: json, isCut: false };
  return { content: partsOf((json.value as { start: unknown }).start).content, isCut: true };
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
