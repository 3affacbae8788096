import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isNonRetryableError, isRetryAfterError } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { httpCall } from "../src/nodes/http-call.ts";

/** Calls a server that sends the given answer. */
async function call(answer: (response: ServerResponse) => void) {
  const server = createServer((_, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/x`);
  try {
    return await httpCall({ method: "GET", url, timeoutMs: 10_000, nodeId: "n" });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const failure = (answer: (response: ServerResponse) => void) =>
  call(answer).then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error as Error & { retryAfterMs?: number },
  );

describe("answers of an HTTP service", () => {
  it.each([
    ["application/json", '{"a":1}', { a: 1 }],
    ["application/problem+json; charset=utf-8", "[1]", [1]],
    ["text/plain", '{"a":1}', '{"a":1}'],
    ["application/json", "", undefined],
  ])("of type %s are read by that type", async (type, text, body) => {
    expect(await call((response) => response.setHeader("content-type", type).end(text))).toEqual({ status: 200, body });
  });

  it("that claim to be JSON but are not may be retried", async () => {
    const error = await failure((response) => response.setHeader("content-type", "application/json").end("{"));
    expect(error.message).toContain("is not");
    expect(isNonRetryableError(error)).toBe(false);
  });

  it("that are too large are refused without a retry", async () => {
    const error = await failure((response) => response.end(Buffer.alloc(9 * 1024 * 1024)));
    expect(error.message).toContain("larger than 8 MiB");
    expect(isNonRetryableError(error)).toBe(true);
  });

  it("that break off count as a connection fault", async () => {
    const error = await failure((response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => response.destroy());
    });
    expect(error.message).toContain("no connection");
    expect(isNonRetryableError(error)).toBe(false);
  });

  it.each([
    [{ message: "not now" }, "not now"],
    [{ error: { type: "overloaded_error", message: "Overloaded" } }, "Overloaded"],
    [{ error: "busy" }, "busy"],
  ])("that refuse are quoted in the error: %j", async (body, said) => {
    const error = await failure((response) => {
      response.writeHead(500, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    expect(error.message).toMatch(new RegExp(`answered 500: ${said}$`));
  });

  it("with 503 and a date set the time of the retry", async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const error = await failure((response) => response.writeHead(503, { "retry-after": date }).end());
    expect(isRetryAfterError(error)).toBe(true);
    expect(error.retryAfterMs).toBeGreaterThan(3_500_000);
  });
});
