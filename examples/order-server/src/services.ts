import { NonRetryableError } from "@waymark/core";

/** Sends a request to one of the services that orders need, and returns its answer. */
export type CallService = (
  path: string,
  request: { body: unknown; idempotencyKey: string; signal?: AbortSignal },
) => Promise<unknown>;

/** Makes a client of the services at an address. */
export function createServices(baseUrl: string): CallService {
  return async (path, { body, idempotencyKey, signal = null }) => {
    const response = await fetch(new URL(path, baseUrl), {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": idempotencyKey },
      body: JSON.stringify(body),
      signal,
    });
    if (response.ok) return response.json();
    const message = `${path} answered ${response.status}`;
    // Another attempt does not mend a request that was refused.
    const isRefused = response.status >= 400 && response.status < 500 && response.status !== 429;
    throw isRefused ? new NonRetryableError(message) : new Error(message);
  };
}
