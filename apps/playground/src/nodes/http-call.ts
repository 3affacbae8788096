import { NonRetryableError, RetryAfterError } from "@waymark/core";
import { cleanText, safeError } from "@waymark/core/store";

/** One HTTP request of a node. */
export interface HttpCall {
  method: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text. */
  body?: unknown;
  /** For the whole exchange, the answer's body included. */
  timeoutMs: number;
  /** Statuses that are no failure, beside 2xx. */
  accept?: readonly number[];
  /** Sent as `Idempotency-Key` with every method but GET and HEAD. */
  idempotencyKey?: string | undefined;
  /** Sent as `X-Workflow-Node`, so that a service can tell whose request it was. */
  nodeId: string;
  signal?: AbortSignal | undefined;
}

/** What came back. */
export interface HttpAnswer {
  status: number;
  /** The parsed value of a JSON answer, else the text; `undefined` where there was none. */
  body: unknown;
}

/** A larger answer is refused: it would go into every later context. Bytes. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Shorter header values ("json", "1") are no secrets. Characters. */
const MIN_SECRET_LENGTH = 8;

/** 4xx statuses that a later attempt may well get past. */
const PASSING_STATUSES = new Set([408, 409, 423, 425, 429]);

/**
 * Sends one request; its error shows whether it is worth another attempt.
 *
 * - 429 and 503 with `Retry-After` throw a RetryAfterError; a status that may pass, a timeout or a broken connection
 *   an ordinary error; every other 4xx a NonRetryableError.
 * - Redirects are followed by GET and HEAD without headers of the caller's own: what a header holds is for one service.
 * - Errors name the method and the host. Paths, headers and bodies, which may hold secrets, are in none of them.
 */
export async function httpCall(call: HttpCall): Promise<HttpAnswer> {
  const what = `${call.method} ${call.url.origin}`;
  call.signal?.throwIfAborted();
  const request = encodeRequest(call, what);
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal === undefined ? timeout : AbortSignal.any([call.signal, timeout]);
  try {
    const response = await fetch(call.url, { method: call.method, signal, ...request });
    const body = await readBody(response, what);
    if (response.ok || call.accept?.includes(response.status)) return { status: response.status, body };
    throw refusal(what, { call, response, body });
  } catch (error) {
    call.signal?.throwIfAborted();
    if (timeout.aborted) throw new Error(`${what}: timeout, no answer within ${call.timeoutMs} ms`);
    if (error instanceof TypeError) throw new Error(`${what}: ${connectionFault(error)}`);
    throw error;
  }
}

/**
 * Reads a `Retry-After` header: seconds, or a date.
 *
 * - Milliseconds from `now`; `undefined` where it cannot be read.
 */
export function parseRetryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** What `fetch` is given. @throws {NonRetryableError} the address or a header cannot be sent */
function encodeRequest(call: HttpCall, what: string): Pick<RequestInit, "headers" | "body" | "redirect"> {
  if (call.url.username !== "" || call.url.password !== "") {
    throw new NonRetryableError(`${what}: the address holds a user and a password; send them in a header.`);
  }
  const headers = new Headers({ accept: "application/json", "x-workflow-node": encodeURIComponent(call.nodeId) });
  const changesSomething = call.method !== "GET" && call.method !== "HEAD";
  if (changesSomething && call.idempotencyKey !== undefined) headers.set("idempotency-key", call.idempotencyKey);
  const hasBody = changesSomething && call.body !== undefined;
  if (hasBody) headers.set("content-type", typeof call.body === "string" ? "text/plain" : "application/json");
  const own = Object.entries(call.headers ?? {});
  for (const [index, [name, value]] of own.entries()) {
    try {
      headers.set(name, value);
    } catch {
      throw new NonRetryableError(`${what}: header ${index + 1} of ${own.length} cannot be sent as it is.`);
    }
  }
  const redirect = changesSomething || own.length > 0 ? "manual" : "follow";
  if (!hasBody) return { headers, redirect };
  return { headers, redirect, body: typeof call.body === "string" ? call.body : JSON.stringify(call.body) };
}

async function readBody(response: Response, what: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new NonRetryableError(`${what}: the answer is larger than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB`);
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (text === "") return undefined;
  if (!/\bjson\b/i.test(response.headers.get("content-type") ?? "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${what}: the answer says it is JSON and is not`);
  }
}

function refusal(what: string, { call, response, body }: { call: HttpCall; response: Response; body: unknown }): Error {
  const said = describe(body, call);
  const message = `${what} answered ${response.status}${said === "" ? "" : `: ${said}`}`;
  if (response.status === 429 || response.status === 503) {
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"));
    if (retryAfterMs !== undefined) return new RetryAfterError(message, { retryAfterMs });
  }
  const isFinal = response.status >= 300 && response.status < 500 && !PASSING_STATUSES.has(response.status);
  return isFinal ? new NonRetryableError(message) : new Error(message);
}

/** The service's own words, from the places where services put them, without the headers it was sent. */
function describe(body: unknown, { headers = {} }: HttpCall): string {
  const { error, message } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const nested = (error as { message?: unknown } | null | undefined)?.message;
  const said = [message, nested, error, body].find((candidate) => typeof candidate === "string");
  if (typeof said !== "string") return "";
  const sent = Object.values(headers).flatMap((value) => [value, ...value.split(" ")]);
  const secrets = sent.filter((value) => value.length >= MIN_SECRET_LENGTH).sort((a, b) => b.length - a.length);
  const shown = secrets.reduce((text, secret) => text.replaceAll(secret, "***"), said.slice(0, 2_000));
  return cleanText(shown, 200);
}

function connectionFault(error: TypeError): string {
  const { code } = safeError(error.cause);
  return code === undefined ? "no connection" : `no connection (${code})`;
}
