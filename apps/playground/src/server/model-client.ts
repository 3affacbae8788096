import { messageOf } from "../values/message-of.ts";

/** The API that receives questions to a language model. */
export interface LlmUpstream {
  /** The address without `/v1/messages`. */
  baseUrl: string;
  apiKey: string;
}

/** An answer of a language model API. */
export interface ModelAnswer {
  status: number;
  body: unknown;
  retryAfter?: string;
}

const TIMEOUT_MS = 60_000;

/**
 * Makes a function that asks a language model once per question.
 *
 * - The key is sent only to the API's own address. A redirect is an error.
 */
export function rememberingClient({ baseUrl, apiKey }: LlmUpstream) {
  const known = new Map<string, unknown>();
  return async (question: string, signal: AbortSignal): Promise<ModelAnswer> => {
    if (known.has(question)) return { status: 200, body: known.get(question) };
    let response: Response;
    try {
      response = await fetch(`${baseUrl.replace(/\/$/, "")}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": apiKey },
        body: question,
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
    } catch (error) {
      // The error's own message may quote the address and the headers, so it is not used.
      const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
      const reason = typeof cause?.code === "string" ? cause.code : messageOf(cause ?? "no answer");
      return failed(reason.includes(apiKey) ? "no answer" : reason);
    }
    let body: unknown;
    try {
      body = await response.json();
    } catch {
      return failed(`its answer (${response.status}) is not JSON`);
    }
    if (response.ok) known.set(question, body);
    const retryAfter = response.headers.get("retry-after");
    return { status: response.status, body, ...(retryAfter === null ? {} : { retryAfter }) };
  };
}

function failed(reason: string): ModelAnswer {
  return { status: 502, body: { message: `The language model cannot be asked: ${reason}.` } };
}
