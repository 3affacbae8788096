import { NonRetryableError } from "@waymark/core";
import jsonata from "jsonata";

/** What an expression may run for, in milliseconds, before it is stopped. */
const EXPRESSION_TIMEOUT_MS = 5_000;

const compiled = new Map<string, jsonata.Expression>();

/**
 * Evaluates a JSONata expression against a value.
 *
 * - `bindings` are variables: `{ index: 3 }` is `$index` in the expression.
 * - The result is made of plain arrays and objects; nothing of the input is changed.
 *
 * @throws {NonRetryableError} the expression cannot be read, fails, does not end, or gives a function
 */
export async function evaluate(
  source: string,
  input: unknown,
  bindings: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  const expression = compile(source);
  // `items[]` marks the array it is applied to, which a frozen context does not allow.
  const own = /\[\s*\]/.test(source) ? toPlain(input, source) : input;
  let result: unknown;
  try {
    result = await expression.evaluate(own, { ...bindings });
  } catch (error) {
    throw expressionError(source, error);
  }
  return toPlain(result, source);
}

/**
 * Fills the `{{ expression }}` parts of a text.
 *
 * - A text that is one such part and nothing else gives the expression's own value, whatever its type.
 * - Elsewhere strings are set in as they are, nothing as "", everything else as JSON.
 * - `encode` is applied to what is set in, unless it is at the very start of the text.
 */
export async function render(
  template: string,
  input: unknown,
  options: { bindings?: Readonly<Record<string, unknown>>; encode?: (text: string) => string } = {},
): Promise<unknown> {
  const parts = parseTemplate(template);
  const values: unknown[] = [];
  for (const part of parts) {
    values.push("text" in part ? part.text : await evaluate(part.expression, input, options.bindings));
  }
  if (parts.length === 1) return values[0];
  return values
    .map((value, index) => {
      const text = typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
      const isLiteral = "text" in (parts[index] as TemplatePart);
      return isLiteral || index === 0 || options.encode === undefined ? text : options.encode(text);
    })
    .join("");
}

/** Fills every text in a JSON value, keys excepted. */
export async function renderDeep(
  value: unknown,
  input: unknown,
  bindings: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  if (typeof value === "string") return render(value, input, { bindings });
  if (Array.isArray(value)) {
    return Promise.all(value.map((item) => renderDeep(item, input, bindings)));
  }
  if (typeof value === "object" && value !== null) {
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, item]) => [key, await renderDeep(item, input, bindings)] as const),
    );
    return Object.fromEntries(entries);
  }
  return value;
}

type TemplatePart = { text: string } | { expression: string };

/** Cuts a template into its parts; `}}` inside an expression (`{{ {"a": {"b": 1}} }}`) does not end it. */
function parseTemplate(template: string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = 0;
  for (let open = template.indexOf("{{"); open !== -1; open = template.indexOf("{{", rest)) {
    const close = endOfExpression(template, open + 2);
    if (open > rest) parts.push({ text: template.slice(rest, open) });
    parts.push({ expression: template.slice(open + 2, close) });
    rest = close + 2;
  }
  if (rest < template.length || parts.length === 0) parts.push({ text: template.slice(rest) });
  return parts;
}

function endOfExpression(template: string, start: number): number {
  const first = template.indexOf("}}", start);
  if (first === -1) throw new NonRetryableError(`"${template}" opens {{ and does not close it.`);
  for (let close = first; close !== -1; close = template.indexOf("}}", close + 1)) {
    if (isReadable(template.slice(start, close))) return close;
  }
  throw expressionError(template.slice(start, first), new Error("it cannot be read"));
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
  let expression = compiled.get(source);
  if (expression === undefined) {
    try {
      expression = jsonata(source, { timeout: EXPRESSION_TIMEOUT_MS });
    } catch (error) {
      throw expressionError(source, error);
    }
    compiled.set(source, expression);
  }
  return expression;
}

/** JSONata marks its arrays with hidden properties, which a checkpoint would rightly refuse: only values are kept. */
function toPlain(value: unknown, source: string): unknown {
  if (Array.isArray(value)) return Array.from(value, (item) => toPlain(item, source));
  if (typeof value === "function" || isLambda(value)) {
    throw new NonRetryableError(`Expression "${source}" gives a function, not a value.`);
  }
  if (typeof value === "object" && value !== null && isPlainObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item, source)]));
  }
  return value;
}

function isLambda(value: unknown): boolean {
  return typeof value === "object" && value !== null && "_jsonata_lambda" in value;
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** JSONata throws plain objects, so the message is taken over and the object kept as the cause. */
function expressionError(source: string, cause: unknown): NonRetryableError {
  const message = (cause as { message?: unknown } | null)?.message;
  return new NonRetryableError(`Expression "${source.trim()}": ${String(message ?? cause)}`, { cause });
}
