import { NonRetryableError } from "@waymark/core";
import { cleanText, quoted } from "@waymark/core/store";
import { ExpressionRunner, type TaskAnswer } from "./expression-runner.ts";
import type { ExpressionSource, TemplatePart } from "./expression-task.ts";
import { pack, unpack } from "./stand-ins.ts";

/** The options of an evaluation. */
export interface EvaluateOptions {
  /** Variables: `{ index: 3 }` is `$index` in the expression. */
  bindings?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds after which the work is stopped. Default: 2,000. */
  timeoutMs?: number | undefined;
  /** Stops the work when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** The default time limit in milliseconds. It is shorter than any sensible `--timeout`, so that the node fails first. */
const DEFAULT_TIMEOUT_MS = 2_000;

/** The number of items that are evaluated together, under one time limit. */
const ITEMS_AT_ONCE = 500;

/** The maximum length of an expression in an error, in characters. */
const MAX_SHOWN = 200;
/** The maximum length of JSONata's message, in characters, because it often quotes values. */
const MAX_MESSAGE = 500;

const runner = new ExpressionRunner();

/**
 * Evaluates a JSONata expression against a value, in a process that can be ended.
 *
 * - The result has only plain arrays and objects. The input is not changed.
 * - Of an instance of a class, the expression sees the own fields. It can return the instance itself.
 *
 * @throws {NonRetryableError} if the expression cannot be read, fails, takes too long, needs more than 256 MiB of memory,
 *   or returns a function; the signal's reason, if it was aborted
 */
export async function evaluate(source: string, input: unknown, options: EvaluateOptions = {}): Promise<unknown> {
  const [[value] = []] = await run([{ kind: "expression", text: source }], [input], options);
  return value;
}

/**
 * Evaluates a JSONata expression against every item of a list, with `$index`.
 *
 * - `timeoutMs` applies to each 500 items. An error begins with the number of the item.
 */
export async function evaluateEach(
  source: string,
  items: readonly unknown[],
  options: EvaluateOptions = {},
): Promise<unknown[]> {
  const values: unknown[] = [];
  for (let firstIndex = 0; firstIndex < items.length; firstIndex += ITEMS_AT_ONCE) {
    const some = items.slice(firstIndex, firstIndex + ITEMS_AT_ONCE);
    for (const [value] of await run([{ kind: "expression", text: source }], some, options, firstIndex)) {
      values.push(value);
    }
  }
  return values;
}

/**
 * Fills the `{{ expression }}` parts of a text.
 *
 * - If the text is exactly one such part, the result is the value of the expression, of any type.
 * - Otherwise strings are inserted as they are, no value as "", and everything else as JSON.
 * - `encode` is applied to each inserted value, except at the very start of the text.
 */
export async function render(
  template: string,
  input: unknown,
  { encode, ...options }: EvaluateOptions & { encode?: (text: string) => string } = {},
): Promise<unknown> {
  if (!isTemplate(template)) return template;
  const [[parts] = []] = await run([{ kind: "template", text: template }], [input], options);
  return join(parts as TemplatePart[], encode);
}

/** Fills every text in a JSON value, except keys. */
export async function renderDeep(value: unknown, input: unknown, options: EvaluateOptions = {}): Promise<unknown> {
  const templates = new Set<string>();
  mapTexts(value, (text) => {
    if (isTemplate(text)) templates.add(text);
    return text;
  });
  if (templates.size === 0) return value;
  const sources = [...templates].map((text) => ({ kind: "template" as const, text }));
  const [filled = []] = await run(sources, [input], options);
  const byTemplate = new Map(sources.map(({ text }, place) => [text, filled[place] as TemplatePart[]]));
  return mapTexts(value, (text) => {
    const parts = byTemplate.get(text);
    return parts === undefined ? text : join(parts);
  });
}

function isTemplate(text: string): boolean {
  return text.includes("{{");
}

function join(parts: readonly TemplatePart[], encode?: (text: string) => string): unknown {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return "text" in first ? first.text : first.value;
  return parts
    .map((part, index) => {
      if ("text" in part) return part.text;
      const { value } = part;
      const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
      return index === 0 || encode === undefined ? text : encode(text);
    })
    .join("");
}

function mapTexts(value: unknown, change: (text: string) => unknown): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item, change)]));
}

/** Evaluates sources in the process. Returns the values of all sources for each input. */
async function run(
  sources: readonly ExpressionSource[],
  inputs: readonly unknown[],
  { bindings = {}, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: EvaluateOptions,
  firstIndex?: number,
): Promise<unknown[][]> {
  const needed = onlyNamed(bindings, sources);
  let packed: ReturnType<typeof pack<{ inputs: readonly unknown[]; bindings: Record<string, unknown> }>>;
  try {
    packed = pack({ inputs, bindings: needed });
  } catch (error) {
    throw expressionError(sources, `the context cannot be read: ${messageOf(error)}`);
  }
  const { value, standIns, originals } = packed;
  let answer: TaskAnswer;
  try {
    answer = await runner.run({ sources, ...value, firstIndex, standIns }, { timeoutMs, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw expressionError(sources, messageOf(error));
  }
  if (answer.type === "failed") {
    const { message, expression, input } = answer;
    const item = firstIndex === undefined ? "" : `Item ${firstIndex + input}: `;
    throw expressionError([{ text: expression }], message, item);
  }
  const back = new Map(answer.standIns.map(([standIn, place]) => [standIn, originals[place]]));
  if ([...back.values()].some(isNoValue)) throw expressionError(sources, "returns a function, not a value");
  return unpack(answer.values, back) as unknown[][];
}

/** Keeps only the bindings that an expression may use, so that a large context is copied only if needed. */
function onlyNamed(
  bindings: Readonly<Record<string, unknown>>,
  sources: readonly ExpressionSource[],
): Record<string, unknown> {
  const mayName = (name: string) => sources.some(({ text }) => text.includes(`$${name}`) || text.includes("$eval"));
  return Object.fromEntries(Object.entries(bindings).filter(([name]) => mayName(name)));
}

function expressionError(
  sources: readonly Pick<ExpressionSource, "text">[],
  message: string,
  item = "",
): NonRetryableError {
  const more = sources.length === 1 ? "" : ` (or one of ${sources.length - 1} others)`;
  const shown = quoted(sources[0]?.text.trim() ?? "", MAX_SHOWN);
  return new NonRetryableError(`${item}Expression ${shown}${more}: ${cleanText(message, MAX_MESSAGE)}`);
}

function isNoValue(value: unknown): boolean {
  return typeof value === "function" || typeof value === "symbol";
}

function messageOf(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message ?? error);
}
