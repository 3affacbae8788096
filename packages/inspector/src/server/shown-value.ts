import { type Json, type JsonPath, walkJson } from "./json-tree.ts";

/*
 * Values leave the server as the codec's JSON, in which `{"$type": name, "value": …}` is a value that JSON does not have.
 * Two names are the inspector's own:
 *
 *   {"$type":"waymark:redacted"}
 *   {"$type":"waymark:cut","value":{"of":"string"|"array"|"object","size":n,"start":…}}
 */

const TAG = "$type";
const REDACTED = "waymark:redacted";
const CUT = "waymark:cut";

/** How much of a value is shown. */
export interface Limits {
  /** The longest string, in characters. */
  string: number;
  /** The most entries of an array or object. */
  entries: number;
  /** About the most characters of the whole. */
  total: number;
}

/** The limits of what a page shows at first. */
export const BRIEF: Limits = { string: 2_000, entries: 100, total: 100_000 };
/** The limits of a part that somebody asks for. What is longer can be downloaded. */
export const FULL: Limits = { string: 500_000, entries: 5_000, total: 1_000_000 };
const MAX_DEPTH = 60;

/** Replaces the values of the keys that never leave the server. Returns the same tree if there are none. */
export function redact(json: Json, keys: ReadonlySet<string>): Json {
  return keys.size === 0 ? json : redactIn(json, keys);
}

function redactIn(json: Json, keys: ReadonlySet<string>): Json {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map((item) => redactIn(item, keys));
  if (json[TAG] === "Map" && Array.isArray(json.value)) {
    const entries = json.value.map((entry) => {
      if (!Array.isArray(entry)) return redactIn(entry, keys);
      const [key, value] = entry;
      const isHidden = typeof key === "string" && keys.has(key.toLowerCase());
      return [redactIn(key ?? null, keys), isHidden ? hidden() : redactIn(value ?? null, keys)];
    });
    return { [TAG]: "Map", value: entries };
  }
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [key, keys.has(key.toLowerCase()) ? hidden() : redactIn(value, keys)]),
  );
}

/** Redacts an operation of a delta: also its values if a key of its path is to be hidden. */
export function redactOperation(operation: Json, keys: ReadonlySet<string>): Json {
  if (!Array.isArray(operation) || keys.size === 0) return operation;
  const [name, path, ...rest] = operation;
  const isHidden = Array.isArray(path) && path.some((key) => typeof key === "string" && keys.has(key.toLowerCase()));
  // The start and the number of replaced items, and the names of keys, stay.
  const kept = name === "splice" ? 2 : name === "order" || name === "delete" ? rest.length : 0;
  return [
    name ?? null,
    path ?? null,
    ...rest.map((each, index) => (index < kept ? each : isHidden ? hidden() : redact(each, keys))),
  ];
}

function hidden(): Json {
  return { [TAG]: REDACTED };
}

/** Cuts what is too long to be shown. The size of what was cut, and its start, stay. */
export function cut(json: Json, limits: Limits): Json {
  const budget = { left: limits.total };
  return cutIn(json, { limits, budget, depth: 0 });
}

interface Cutting {
  limits: Limits;
  budget: { left: number };
  depth: number;
}

function cutIn(json: Json, cutting: Cutting): Json {
  const { limits, budget } = cutting;
  if (typeof json === "string") {
    const most = Math.min(limits.string, Math.max(40, budget.left));
    budget.left -= Math.min(json.length, most);
    return json.length <= most ? json : cutMark("string", json.length, wholeCharacters(json, most));
  }
  if (typeof json !== "object" || json === null) {
    budget.left -= 8;
    return json;
  }
  if (!Array.isArray(json) && Object.hasOwn(json, TAG)) return cutTagged(json, cutting);
  return cutContainer(json, cutting);
}

/** Cuts a value that JSON does not have. Its name stays beside what is left of it, so that it is shown as what it is. */
function cutTagged({ [TAG]: name = null, value }: { [key: string]: Json }, cutting: Cutting): Json {
  if (value === undefined) return { [TAG]: name };
  // A key of this name in an object of the user's is no name of a value.
  const isPlain = name === "Object" && typeof value === "object" && value !== null;
  const shown = isPlain ? cutContainer(value, cutting) : cutIn(value, cutting);
  const mark = shown === value ? undefined : cutOf(shown);
  if (mark === undefined) return { [TAG]: name, value: shown };
  return cutMark(mark.of, mark.size, { [TAG]: name, value: mark.start });
}

function cutContainer(json: Json[] | { [key: string]: Json }, cutting: Cutting): Json {
  const { limits, budget, depth } = cutting;
  const isList = Array.isArray(json);
  const entries: [string | number, Json][] = isList ? json.map((item, index) => [index, item]) : Object.entries(json);
  const most = depth >= MAX_DEPTH || (budget.left <= 0 && entries.length > 0) ? 0 : limits.entries;
  const inner = { ...cutting, depth: depth + 1 };
  const start: [string | number, Json][] = [];
  for (const [key, value] of entries.slice(0, most)) {
    if (budget.left <= 0 && start.length > 0) break;
    if (typeof key === "string") budget.left -= key.length;
    start.push([key, cutIn(value, inner)]);
  }
  const shown: Json = isList ? start.map(([, value]) => value) : Object.fromEntries(start);
  return start.length === entries.length ? shown : cutMark(isList ? "array" : "object", entries.length, shown);
}

type CutKind = "string" | "array" | "object";

function cutMark(of: CutKind, size: number, start: Json): Json {
  return { [TAG]: CUT, value: { of, size, start } };
}

function cutOf(shown: Json): { of: CutKind; size: number; start: Json } | undefined {
  return markOf(shown) === CUT ? (shown as { value: { of: CutKind; size: number; start: Json } }).value : undefined;
}

/** Never ends within a character of two code units. */
function wholeCharacters(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

/**
 * Puts the values that were hidden or cut back into a text that somebody has edited. They must stand where they stood.
 *
 * - Returns the path of one that stands elsewhere, or of a cut one whose start was edited.
 */
export function restoreHidden(edited: Json, original: Json, shown: Json): { json: Json } | { moved: JsonPath } {
  let moved: JsonPath | undefined;
  const json = walkJson(edited, [original, shown], ([at, [whole, before]]) => {
    const mark = markOf(at.json);
    if (mark === undefined) return undefined;
    if (whole !== undefined && before !== undefined && JSON.stringify(before) === JSON.stringify(at.json)) return whole;
    moved ??= at.path;
    return null;
  });
  return moved === undefined ? { json } : { moved };
}

function markOf(json: Json): string | undefined {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const name = json[TAG];
  return name === REDACTED || name === CUT ? name : undefined;
}
