import { NonRetryableError, RetryAfterError } from "@waymark/core";
import { cleanText, safeError } from "@waymark/core/store";

/** An HTTP request of a node. */
export interface HttpCall {
  method: string;
  url: URL;
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, unless it is text. */
  body?: unknown;
  /** The time limit of the whole exchange, including the body of the answer. */
  timeoutMs: number;
  /** Statuses that are not failures, besides 2xx. */
  accept?: readonly number[];
  /** Sent as `Idempotency-Key` with every method except GET and HEAD. */
  idempotencyKey?: string | undefined;
  /** Sent as `X-Workflow-Node`, so that a service knows the sender of the request. */
  nodeId: string;
  signal?: AbortSignal | undefined;
}

/** An HTTP answer. */
export interface HttpAnswer {
  status: number;
  /** The parsed value of a JSON answer, else the text. `undefined` if the body was empty. */
  body: unknown;
}

/** The maximum size of an answer, in bytes. A larger one would be part of every later context. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** The minimum length of a secret header value, in characters. Shorter ones ("json", "1") are not secret. */
const MIN_SECRET_LENGTH = 8;

/** 4xx statuses that may pass with a later attempt. */
const PASSING_STATUSES = new Set([408, 409, 423, 425, 429]);

/**
 * Sends one request. The type of its error decides about another attempt.
 *
 * - 429 and 503 with `Retry-After` throw a RetryAfterError. A status that may pass, a timeout or a broken connection
 *   throws an ordinary error. Every other 4xx throws a NonRetryableError.
 * - Redirects are followed by GET and HEAD without headers of the caller, because headers are meant for one service.
 * - Errors name the method and the host. They contain no path, header or body, because these may hold secrets.
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
 * - Returns milliseconds from `now`, or `undefined` if it cannot be read.
 */
export function parseRetryAfter(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null || value.trim() === "") return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Makes the options for `fetch`. @throws {NonRetryableError} if the address or a header cannot be sent */
function encodeRequest(call: HttpCall, what: string): Pick<RequestInit, "headers" | "body" | "redirect"> {
  if (call.url.username !== "" || call.url.password !== "") {
    throw new NonRetryableError(`${what}: the address contains a user or a password; send them in a header.`);
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
      throw new NonRetryableError(`${what}: header ${index + 1} of ${own.length} has characters that cannot be sent.`);
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
    throw new Error(`${what}: the answer claims to be JSON but is not`);
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

/** Returns the service's own message from the usual fields, without the headers that were sent. */
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
