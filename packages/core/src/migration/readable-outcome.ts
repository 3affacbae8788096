import { cleanText } from "../text.ts";
import type { NodeTimes, RolloutOutcome, RunOutcome, ShadowOutcome } from "./outcomes.ts";

/*
 * Outcomes come back from a table or a log: with null for what was absent, with texts for numbers, with fields of an older
 * version, or cut off. Each is read here once, so that adding them up needs no further care.
 */

/** The longest code, id, path or value, in characters. */
const MAX_TEXT = 1_000;
/** The most nodes and varying places of an outcome that are read. */
const MAX_LISTED = 1_000;

/** An outcome as far as it can be read. */
export interface ReadableOutcome {
  outcome: RolloutOutcome;
  /** False if something of it was left out, because it cannot be read. */
  isWhole: boolean;
}

/** Reads a value as an outcome; `undefined` if it is none. Never throws. */
export function readableOutcome(value: unknown): ReadableOutcome | undefined {
  try {
    return typeof value === "object" && value !== null ? new OutcomeReader(value).read() : undefined;
  } catch {
    // An accessor or a proxy.
    return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

class OutcomeReader {
  readonly #fields: Fields;
  #isWhole = true;

  constructor(value: object) {
    this.#fields = { ...value };
  }

  read(): ReadableOutcome | undefined {
    const { kind, at } = this.#fields;
    if (isAbsent(at)) return undefined;
    const base = { at: this.#time(at) };
    const outcome =
      kind === "run" ? this.#run(base) : kind === "shadow" ? this.#shadow(base) : this.#short(base, kind as string);
    return outcome === undefined
      ? undefined
      : { outcome: outcome as unknown as RolloutOutcome, isWhole: this.#isWhole };
  }

  #run(base: object): Partial<RunOutcome> | undefined {
    const { executor, success, status, failure, nodes, checkpoints, saved } = this.#fields;
    const workflowId = textOf(this.#fields.workflowId);
    const durationMs = numberOf(this.#fields.durationMs);
    if ((executor !== "v1" && executor !== "v2") || workflowId === undefined || durationMs === undefined)
      return undefined;
    if (typeof success !== "boolean") this.#isWhole = false;
    return {
      ...{ kind: "run", ...base, executor, workflowId, durationMs, success: success === true },
      reason: "unknown",
      ...this.#texts(this.#fields, ["reason", "userId"]),
      ...(isAbsent(status) ? {} : { status: textOf(status) as RunOutcome["status"] & string }),
      ...this.#part("failure", failure, (given) => this.#texts(given, ["code"])),
      ...this.#part("checkpoints", checkpoints, (given) => numbersOf(given, ["count", "bytes", "durationMs"])),
      ...this.#part("saved", saved, (given) => numbersOf(given, ["nodes", "durationMs"])),
      ...this.#list("nodes", nodes, nodeOf),
    } as unknown as Partial<RunOutcome>;
  }

  #shadow(base: object): Partial<ShadowOutcome> | undefined {
    const { result, difference, varying } = this.#fields;
    const workflowId = textOf(this.#fields.workflowId);
    if (workflowId === undefined) return undefined;
    if (result !== "equal" && result !== "different" && result !== "skipped") return undefined;
    const read = (given: Fields) => {
      const { kind = "unknown", ...others } = this.#texts(given, ["kind", "nodeId", "path", "v1", "v2"]);
      return { kind, ...others };
    };
    return {
      ...{ kind: "shadow", ...base, workflowId, result },
      ...this.#texts(this.#fields, ["reason"]),
      ...this.#part("difference", difference, read),
      ...this.#list("varying", varying, textOf),
    } as Partial<ShadowOutcome>;
  }

  #short(base: object, kind: string): object | undefined {
    const { caller, limit, value, allowed } = this.#fields;
    if (kind === "direct") {
      const text = textOf(caller);
      return text === undefined ? undefined : { kind, ...base, caller: text };
    }
    if (kind !== "stop") return undefined;
    const numbers = numbersOf({ value, allowed }, ["value", "allowed"]);
    const name = textOf(limit);
    return numbers === undefined || name === undefined ? undefined : { kind, ...base, limit: name, ...numbers };
  }

  /** Returns ISO 8601 text; an empty one for what is no time. */
  #time(at: unknown): string {
    const ms = at instanceof Date ? at.getTime() : Date.parse(String(at));
    if (Number.isNaN(ms)) this.#isWhole = false;
    return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
  }

  /** Reads an object in an outcome. */
  #part<Part>(name: string, given: unknown, read: (given: Fields) => Part | undefined): Record<string, Part> {
    if (isAbsent(given)) return {};
    const part = typeof given === "object" && !Array.isArray(given) ? read({ ...(given as object) }) : undefined;
    if (part === undefined) this.#isWhole = false;
    return part === undefined ? {} : { [name]: part };
  }

  #list<Item>(name: string, given: unknown, read: (item: unknown) => Item | undefined): Record<string, Item[]> {
    if (isAbsent(given)) return {};
    const items = Array.isArray(given) ? given.slice(0, MAX_LISTED) : [];
    const found = items.map(read).filter((item) => item !== undefined);
    if (!Array.isArray(given) || found.length < given.length) this.#isWhole = false;
    return { [name]: found };
  }

  #texts(given: Fields, names: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {};
    for (const name of names) {
      if (isAbsent(given[name])) continue;
      const text = textOf(given[name]);
      if (text === undefined) this.#isWhole = false;
      else found[name] = text;
    }
    return found;
  }
}

function nodeOf(item: unknown): NodeTimes | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const node = { ...item } as Fields;
  const [nodeId, nodeType] = [textOf(node.nodeId), textOf(node.nodeType) ?? ""];
  const numbers = numbersOf(node, ["runs", "durationMs"]);
  return nodeId === undefined || numbers === undefined ? undefined : { nodeId, nodeType, ...numbers };
}

function numbersOf<Name extends string>(given: Fields, names: readonly Name[]): Record<Name, number> | undefined {
  const found: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const number = numberOf(given[name]);
    if (number === undefined) return undefined;
    found[name] = number;
  }
  return found as Record<Name, number>;
}

/** Drivers return large or exact numbers as texts. */
function numberOf(value: unknown): number | undefined {
  const isText = typeof value === "string" && value.trim() !== "";
  const number = isText || typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  return typeof value === "string" ? cleanText(value, MAX_TEXT) : undefined;
}

function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
