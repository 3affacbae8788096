import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isNonRetryableError, isRetryAfterError } from "@waymark/core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseRetryAfter } from "../src/nodes/http-call.ts";
import { createHttpRequest } from "../src/nodes/http-request.ts";
import { type ServiceServer, startServiceServer } from "../src/server/service-server.ts";
import { runNode } from "./run-node.ts";

let services: ServiceServer;
beforeAll(async () => {
  services = await startServiceServer();
});
afterAll(() => services.close());
beforeEach(() => services.reset());

const request = (call: Parameters<typeof runNode>[1]) => runNode(createHttpRequest({ baseUrl: services.url }), call);
const failure = (call: Parameters<typeof runNode>[1]) =>
  request(call).then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error as Error & { retryAfterMs?: number },
  );

describe("http-request", () => {
  it("writes the answer to a key, and keeps the rest of the context", async () => {
    const data = { url: "/crm/contacts", query: { email: "{{email}}", none: "{{nothing}}" }, as: "contact" };
    const next = await request({ data, context: { email: "ida@example.com" } });
    expect(next).toMatchObject({ email: "ida@example.com", contact: { email: "ida@example.com" } });
  });

  it("keeps status and body with `full`, and accepts a status of `accept`", async () => {
    const next = await request({ data: { url: "/nowhere", accept: [404], full: true }, nodeId: "n1" });
    expect(next).toEqual({ n1: { status: 404, body: { message: "Nothing at /nowhere." } } });
  });

  it("sends idempotency key and node name with a change, which the service carries out once", async () => {
    const data = { method: "POST", url: "/mail/messages", body: { to: "{{email}}" } };
    const call = { data, context: { email: "a@example.com" }, nodeId: "Mail senden ✉", idempotencyKey: "k-1" };
    const first = await request(call);
    const second = await request(call);
    expect(second).toEqual(first);
    expect(services.ledger.entries).toMatchObject([
      { nodeId: "Mail senden ✉", idempotencyKey: "k-1", outcome: "applied" },
      { idempotencyKey: "k-1", outcome: "replayed" },
    ]);
  });

  it("converts 429 with Retry-After to a wait", async () => {
    services.reset([{ path: "/sms/batches", after: 0, delayMs: 0, status: 429, retryAfterSeconds: 7 }]);
    const error = await failure({ data: { method: "POST", url: "/sms/batches" } });
    expect(isRetryAfterError(error)).toBe(true);
    expect(error.retryAfterMs).toBe(7_000);
    expect(error.message).toContain("429: Too many requests.");
    expect(services.ledger.entries).toMatchObject([{ outcome: "refused" }]);
  });

  it("distinguishes permanent failures from temporary ones", async () => {
    expect(isNonRetryableError(await failure({ data: { url: "/nowhere" } }))).toBe(true);
    for (const status of [408, 429, 500, 503]) {
      services.reset([{ path: "/rates/*", after: 0, delayMs: 0, status }]);
      const error = await failure({ data: { url: "/rates/EUR" } });
      expect(error.message).toContain(String(status));
      expect(isNonRetryableError(error) || isRetryAfterError(error)).toBe(false);
    }
  });

  it("gives up after its timeout", async () => {
    services.reset([{ path: "/rates/*", after: 0, delayMs: 60_000 }]);
    const error = await failure({ data: { url: "/rates/EUR", timeoutMs: 20 } });
    expect(error.message).toContain("timeout, no answer within 20 ms");
    expect(isNonRetryableError(error)).toBe(false);
  });

  it("throws the reason of the signal, before and during the call", async () => {
    services.reset([{ path: "/rates/*", after: 0, delayMs: 60_000 }]);
    const controller = new AbortController();
    const ended = failure({ data: { url: "/rates/EUR" }, signal: controller.signal });
    controller.abort(new Error("the run was stopped"));
    expect((await ended).message).toBe("the run was stopped");
    expect((await failure({ data: { url: "/rates/EUR" }, signal: controller.signal })).message).toBe(
      "the run was stopped",
    );
  });

  it("names the host if there is no connection", async () => {
    const error = await failure({ data: { url: `http://127.0.0.1:${await unusedPort()}/x` } });
    expect(error.message).toContain("ECONNREFUSED");
    expect(isNonRetryableError(error)).toBe(false);
  });

  it.each(["ftp://example.com/x", "http://[", "file:///etc/hosts"])("refuses the address %s", async (url) => {
    expect(isNonRetryableError(await failure({ data: { url } }))).toBe(true);
  });

  it("does not let a value change the path", async () => {
    const next = await request({
      data: { url: "/shop/orders/{{id}}", accept: [404], full: true, as: "r" },
      context: { id: "../../rates/EUR" },
    });
    expect(next).toMatchObject({ r: { status: 404 } });
  });
});

describe("parseRetryAfter", () => {
  it("reads only seconds and dates", () => {
    const now = Date.parse("2026-03-01T00:00:00Z");
    expect(parseRetryAfter("3", now)).toBe(3_000);
    expect(parseRetryAfter("Sun, 01 Mar 2026 00:00:05 GMT", now)).toBe(5_000);
    expect(parseRetryAfter("Sun, 01 Mar 2020 00:00:05 GMT", now)).toBe(0);
    for (const text of [null, "", "-1", "soon"]) expect(parseRetryAfter(text, now)).toBeUndefined();
  });
});

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
