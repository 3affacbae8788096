import { isMainThread, Worker } from "node:worker_threads";
import jsonata from "jsonata";
import type { ExpressionAnswer, ExpressionTask, TemplatePart } from "./expression-task.ts";

// The process that evaluates expressions. Some of them can only be stopped by ending it, others exhaust its memory.

/** The maximum number of cached compiled expressions. */
const MAX_COMPILED = 1_000;
/** The maximum size of a task's values, in characters. A value that is not text counts as eight. */
const MAX_RESULT = 32 * 1024 * 1024;
const PARENT_CHECK_MS = 500;

const compiled = new Map<string, jsonata.Expression>();

/** An error of an expression, with the expression. */
class ExpressionFault extends Error {
  readonly expression: string;

  constructor(expression: string, message: string) {
    super(message);
    this.expression = expression;
  }
}

if (isMainThread) {
  process.on("message", (task: ExpressionTask) => void answer(task));
  new Worker(new URL(import.meta.url)).unref();
  tell({ type: "ready" });
} else {
  // Needed because an expression that never ends does not notice that its parent has gone.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGKILL");
  }, PARENT_CHECK_MS);
}

function tell(answer: ExpressionAnswer): void {
  process.send?.(answer);
}

async function answer(task: ExpressionTask): Promise<void> {
  let input = 0;
  try {
    const places = new Map(task.standIns.map((standIn, place) => [standIn, place]));
    const reader = new ResultReader(places);
    const values: unknown[][] = [];
    for (; input < task.inputs.length; input++) values.push(await evaluateInput(task, input, reader));
    tell({ type: "values", values, standIns: [...reader.found] });
  } catch (error) {
    const expression = error instanceof ExpressionFault ? error.expression : (task.sources[0]?.text ?? "");
    tell({ type: "failed", message: messageOf(error), expression, input });
  }
}

async function evaluateInput(task: ExpressionTask, input: number, reader: ResultReader): Promise<unknown[]> {
  const { sources, inputs, firstIndex } = task;
  const bindings = { ...task.bindings, ...(firstIndex === undefined ? {} : { index: firstIndex + input }) };
  const values: unknown[] = [];
  for (const { kind, text } of sources) {
    if (kind === "expression") values.push(await evaluate(text, inputs[input], bindings, reader));
    else values.push(await evaluateTemplate(text, inputs[input], bindings, reader));
  }
  return values;
}

async function evaluate(
  source: string,
  input: unknown,
  bindings: Record<string, unknown>,
  reader: ResultReader,
): Promise<unknown> {
  const expression = compile(source);
  // `items[]` marks the array that it is applied to, and the next expression would see the mark.
  const own = /\[\s*\]/.test(source) ? reader.fresh().read(input, source) : input;
  let result: unknown;
  try {
    result = await expression.evaluate(own, { ...bindings });
  } catch (error) {
    // JSONata throws plain objects.
    throw new ExpressionFault(source, messageOf(error));
  }
  return reader.read(result, source);
}

async function evaluateTemplate(
  template: string,
  input: unknown,
  bindings: Record<string, unknown>,
  reader: ResultReader,
): Promise<TemplatePart[]> {
  const parts: TemplatePart[] = [];
  let rest = 0;
  for (let open = template.indexOf("{{"); open !== -1; open = template.indexOf("{{", rest)) {
    const close = endOfExpression(template, open + 2);
    if (open > rest) parts.push({ text: template.slice(rest, open) });
    parts.push({ value: await evaluate(template.slice(open + 2, close), input, bindings, reader) });
    rest = close + 2;
  }
  if (rest < template.length || parts.length === 0) parts.push({ text: template.slice(rest) });
  return parts;
}

/** Finds the end of an expression. A `}}` inside it (`{{ {"a": {"b": 1}} }}`) does not end it. */
function endOfExpression(template: string, start: number): number {
  const first = template.indexOf("}}", start);
  if (first === -1) throw new ExpressionFault(template, "opens {{ but does not close it");
  for (let close = first; close !== -1; close = template.indexOf("}}", close + 1)) {
    if (isReadable(template.slice(start, close))) return close;
  }
  throw new ExpressionFault(template.slice(start, first), "it cannot be read");
}

function isReadable(source: string): boolean {
  try {
    compile(source);
    return true;
  } catch {
    return false;
  }
}

function compile(source: string): jsonata.Expression {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  let expression: jsonata.Expression;
  try {
    expression = jsonata(source);
  } catch (error) {
    throw new ExpressionFault(source, messageOf(error));
  }
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(source, expression);
  return expression;
}

/** Copies results into plain arrays and objects, because JSONata marks its arrays with hidden properties. */
class ResultReader {
  /** The stand-ins among the results, each with its index in the task's list. */
  readonly found = new Map<object, number>();
  readonly #places: ReadonlyMap<object, number>;
  #size = 0;

  constructor(places: ReadonlyMap<object, number>) {
    this.#places = places;
  }

  /** Returns a reader that has read nothing yet. */
  fresh(): ResultReader {
    return new ResultReader(this.#places);
  }

  read(value: unknown, source: string): unknown {
    this.#size += typeof value === "string" ? value.length : 8;
    if (this.#size > MAX_RESULT) throw new ExpressionFault(source, `returns more than ${MAX_RESULT >> 20} MiB`);
    if (typeof value === "function") throw new ExpressionFault(source, "returns a function, not a value");
    if (typeof value !== "object" || value === null || value instanceof Date) return value;
    const place = this.#places.get(value);
    if (place !== undefined) {
      this.found.set(value, place);
      return value;
    }
    if (Array.isArray(value)) return Array.from(value, (item) => this.read(item, source));
    if ("_jsonata_lambda" in value) throw new ExpressionFault(source, "returns a function, not a value");
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.read(item, source)]));
  }
}

function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null)?.message;
  return String(message ?? error).slice(0, 1_000);
}
