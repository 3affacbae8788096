import { positiveMs } from "../durations.ts";
import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { MAX_ID_BYTES, MAX_NAME_BYTES } from "../limits.ts";
import { anything, type Check, flag, list, oneOf, ruleOf, text, wholeNumber } from "../option.ts";
import { quoted } from "../text.ts";
import { NearMisses } from "./near-miss.ts";
import { RETRY_FORM, retryFields, type WorkflowDefinition } from "./schema.ts";
import { type StandardSchema, standardSchema } from "./standard-schema.ts";

/** The most problems that are reported. The check of a definition stops once there are more. */
const MAX_PROBLEMS = 10;

/**
 * Checks a definition's shape, and drops unknown fields.
 *
 * - Reads each field once. Does not look into the nodes' `data`.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID
 */
export function parseDefinition(definition: unknown): WorkflowDefinition {
  const parser = new DefinitionParser();
  const parsed = parser.parse(definition);
  const { problems } = parser;
  if (problems.length === 0) return parsed as unknown as WorkflowDefinition;
  const name = typeof parsed?.id === "string" ? ` ${quoted(parsed.id)}` : "";
  const more = problems.length > MAX_PROBLEMS ? "; and more" : "";
  const named = problems.slice(0, MAX_PROBLEMS);
  if (parser.isCanvas) named.push("it looks like a canvas: use fromReactFlow(id, canvas)");
  throw new WorkflowError("WORKFLOW_INVALID", `Workflow${name} is not well formed: ${named.join("; ")}${more}.`, {
    details: { problems: named },
  });
}

/**
 * Reads the `input` schema of a value that may be a definition.
 *
 * @throws {WorkflowError} WORKFLOW_INVALID if it is not a Standard Schema, or if reading it throws
 */
export function readInput(definition: unknown): StandardSchema | undefined {
  let problem: string | undefined;
  try {
    const input = (definition as { input?: StandardSchema } | null | undefined)?.input;
    problem = input === undefined ? undefined : standardSchema(input);
    if (problem === undefined) return input;
  } catch {
    problem = "it throws when it is read";
  }
  throw new WorkflowError("WORKFLOW_INVALID", `Workflow is not well formed: input: ${problem}.`);
}

type Fields = Readonly<Record<string, Field>>;
interface Field {
  check: Check;
  isRequired?: boolean;
  /** The fields of a nested object. They are read before the object is checked. */
  inside?: Shape;
}
/** An object of a definition: its fields, their near misses, and its form in words. */
interface Shape {
  fields: Fields;
  names: NearMisses;
  form: string;
}
type Parsed = Record<string, unknown>;

class DefinitionParser {
  readonly problems: string[] = [];
  /** Whether it is a saved canvas: without an id, and with a viewport. */
  isCanvas = false;

  /** Returns the definition as far as it can be read. `problems` lists what is wrong with it. */
  parse(definition: unknown): Parsed | undefined {
    const parsed = this.#fields(definition, "", DEFINITION);
    if (parsed === undefined) return undefined;
    this.isCanvas = parsed.id === undefined && isCanvas(definition as Parsed);
    if (Array.isArray(parsed.nodes)) parsed.nodes = this.#list(parsed.nodes, "nodes", NODE);
    if (Array.isArray(parsed.edges)) parsed.edges = this.#list(parsed.edges, "edges", EDGE);
    return parsed;
  }

  #list(items: readonly unknown[], at: string, shape: Shape): (Parsed | undefined)[] {
    const parsed: (Parsed | undefined)[] = [];
    const { length } = items;
    for (let index = 0; index < length && this.problems.length <= MAX_PROBLEMS; index++) {
      parsed.push(this.#fields(items[index], `${at}.${index}`, shape));
    }
    return parsed;
  }

  #fields(value: unknown, at: string, { fields, names, form }: Shape): Parsed | undefined {
    const problem = record(value, form);
    if (problem !== undefined) {
      this.problems.push(at === "" ? problem : `${at}: ${problem}`);
      return undefined;
    }
    const parsed: Parsed = {};
    let reading = "";
    try {
      for (const name in fields) {
        reading = name;
        this.#field(value as Parsed, name, parsed, { at, fields });
      }
      reading = "";
      this.#refuseNearMisses(value as Parsed, parsed, at, names);
    } catch {
      this.problems.push(`${[at, reading].filter((part) => part !== "").join(".")}: it throws when it is read`);
    }
    return parsed;
  }

  #field(value: Parsed, name: string, parsed: Parsed, { at, fields }: { at: string; fields: Fields }): void {
    const { check, isRequired = false, inside } = fields[name] as Field;
    const path = at === "" ? name : `${at}.${name}`;
    let each = value[name];
    if (each === undefined && !isRequired) return;
    if (inside !== undefined) each = this.#fields(each, path, inside) ?? {};
    const problem = check(each);
    if (problem === undefined) parsed[name] = each;
    else this.problems.push(`${path}: ${problem}`);
  }

  #refuseNearMisses(value: Parsed, parsed: Parsed, at: string, names: NearMisses): void {
    for (const key in value) {
      if (Object.hasOwn(parsed, key)) continue;
      const meant = names.of(key);
      // If the field itself is present, the other name was not meant as it.
      if (meant === undefined || Object.hasOwn(parsed, meant)) continue;
      this.problems.push(`${at === "" ? "" : `${at}: `}unknown field ${quoted(key, 40)} (did you mean "${meant}"?)`);
    }
  }
}

const EDGE_FIELDS: Fields = {
  id: { check: text },
  source: { check: text, isRequired: true },
  target: { check: text, isRequired: true },
  sourceHandle: { check: textOrNull },
  targetHandle: { check: textOrNull },
};

const RETRY_FIELDS: Fields = Object.fromEntries(
  Object.entries(retryFields).map(([name, option]) => [name, { check: ruleOf(option).check }]),
);

const DEFINITION_FIELDS: Fields = {
  id: { check: idText, isRequired: true },
  name: { check: text },
  nodes: { check: list, isRequired: true },
  edges: { check: list, isRequired: true },
  maxNodeRuns: { check: wholeNumber(1) },
};

const DEFINITION_NAMES = new NearMisses({
  known: Object.keys(DEFINITION_FIELDS),
  aliases: { connections: "edges", links: "edges", steps: "nodes" },
});
const RETRY_NAMES = new NearMisses({
  known: Object.keys(RETRY_FIELDS),
  aliases: {
    attempts: "maxAttempts",
    retries: "maxAttempts",
    maxRetries: "maxAttempts",
    maxTries: "maxAttempts",
    delayMs: "backoffMs",
    factor: "backoffFactor",
    backoffMultiplier: "backoffFactor",
    maxDelayMs: "maxBackoffMs",
  },
});

const NODE_FIELDS: Fields = {
  id: { check: idText, isRequired: true },
  type: { check: idText },
  name: { check: nameText },
  data: { check: (value) => record(value) },
  retry: { check: anything, inside: { fields: RETRY_FIELDS, names: RETRY_NAMES, form: RETRY_FORM } },
  timeoutMs: { check: positiveMs },
  disabled: { check: flag },
  onError: { check: oneOf("fail", "continue", "route") },
};

const NODE_NAMES = new NearMisses({
  known: Object.keys(NODE_FIELDS),
  aliases: { retries: "retry", retryPolicy: "retry", timeoutSeconds: "timeoutMs", timeoutSec: "timeoutMs" },
});
const EDGE_NAMES = new NearMisses({
  known: Object.keys(EDGE_FIELDS),
  aliases: {
    from: "source",
    to: "target",
    fromNodeId: "source",
    toNodeId: "target",
    sourceId: "source",
    targetId: "target",
    sourceNodeId: "source",
    targetNodeId: "target",
    fromHandle: "sourceHandle",
    toHandle: "targetHandle",
    fromOutput: "sourceHandle",
    toInput: "targetHandle",
    sourcePort: "sourceHandle",
    targetPort: "targetHandle",
  },
});

const DEFINITION: Shape = {
  fields: DEFINITION_FIELDS,
  names: DEFINITION_NAMES,
  form: "an object { id, nodes, edges } (of JSON text: JSON.parse)",
};
const NODE: Shape = { fields: NODE_FIELDS, names: NODE_NAMES, form: "an object { id, type?, data? }" };
const EDGE: Shape = { fields: EDGE_FIELDS, names: EDGE_NAMES, form: "an object { source, target, sourceHandle? }" };

/** Returns whether an object has what a saved canvas of React Flow has, and a definition has not. */
function isCanvas(value: Parsed): boolean {
  try {
    return value.viewport !== undefined;
  } catch {
    return false;
  }
}

function textOrNull(value: unknown): string | undefined {
  return value === null ? undefined : text(value);
}

function storableText(value: unknown): string | undefined {
  if (typeof value !== "string") return text(value);
  return value.isWellFormed() && !value.includes("\0") ? undefined : "must be well-formed Unicode without U+0000";
}

function idText(value: unknown): string | undefined {
  if (typeof value === "number") return `must be a string, not the number ${value}: write "${value}"`;
  const problem = storableText(value);
  if (problem !== undefined) return problem;
  const fits = value !== "" && fitsInto(value as string, MAX_ID_BYTES);
  return fits ? undefined : `must be 1 to ${MAX_ID_BYTES} bytes of UTF-8`;
}

function nameText(value: unknown): string | undefined {
  const problem = storableText(value);
  if (problem !== undefined || fitsInto(value as string, MAX_NAME_BYTES)) return problem;
  return `must be at most ${MAX_NAME_BYTES} bytes of UTF-8`;
}

/** Returns whether a text fits. A UTF-16 code unit is at most three bytes of UTF-8, so most texts need no counting. */
function fitsInto(value: string, maxBytes: number): boolean {
  return value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes;
}

function record(value: unknown, form = "an object"): string | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Promise);
  if (isRecord) return undefined;
  return mustBe(form, value);
}
