import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FaultPlan, faultSchema } from "../src/server/faults.ts";
import { type ServiceServer, startServiceServer } from "../src/server/service-server.ts";

const fault = (given: unknown) => faultSchema.parse(given);

describe("the services", () => {
  let services: ServiceServer;
  beforeAll(async () => {
    services = await startServiceServer();
  });
  afterAll(() => services.close());
  beforeEach(() => services.reset());
  const send = (path: string, init: RequestInit = {}) => fetch(services.url + path, { method: "POST", ...init });

  it("listen on loopback and return the same record every time", async () => {
    expect(new URL(services.url).hostname).toBe("127.0.0.1");
    const read = async () => (await fetch(`${services.url}/shop/products?limit=1000`)).json();
    const products = await read();
    expect(products).toHaveLength(1_000);
    expect(await read()).toEqual(products);
    expect(services.ledger.entries).toEqual([]);
  });

  it("count requests for changes, in total and by key", async () => {
    const bodies = await Promise.all(
      [undefined, undefined, "k", "k", "other"].map(async (key) => {
        const headers = key === undefined ? {} : { "idempotency-key": key };
        return (await send("/payments/charges", { headers, body: "10" })).json();
      }),
    );
    const outcomes = services.ledger.entries.map(
      ({ idempotencyKey, outcome }) => `${idempotencyKey ?? "-"} ${outcome}`,
    );
    expect(outcomes.toSorted()).toEqual(["- applied", "- applied", "k applied", "k replayed", "other applied"]);
    expect(new Set(services.ledger.entries.map(({ signature }) => signature)).size).toBe(1);
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  it("do not remember the key of a refused request", async () => {
    services.reset([fault({ path: "/payments/*", times: 1, status: 503, retryAfterSeconds: 0 })]);
    const init = { headers: { "idempotency-key": "k" }, body: "10" };
    const refused = await send("/payments/charges", init);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "0"]);
    expect((await send("/payments/charges", init)).status).toBe(201);
    expect(services.ledger.entries.map(({ outcome }) => outcome)).toEqual(["refused", "applied"]);
  });

  it("answer with an error to what they cannot read", async () => {
    expect((await fetch(`${services.url}/nowhere`)).status).toBe(404);
    expect((await send("/mail/messages", { body: "x".repeat(5_000_000) })).status).toBe(413);
    const headers = { "content-type": "application/json" };
    expect((await send("/v1/messages", { headers, body: "no json" })).status).toBe(500);
  });

  it("are idle once the last request is done, even if its sender has gone", async () => {
    services.reset([fault({ path: "/payments/*", delayMs: 200 })]);
    const before = services.received;
    const controller = new AbortController();
    const sent = send("/payments/charges", { signal: controller.signal }).catch(() => "gone");
    await expect.poll(() => services.received, { interval: 1 }).toBe(before + 1);
    controller.abort();
    await sent;
    await services.idle();
    expect(services.ledger.entries).toMatchObject([{ outcome: "applied" }]);
  });

  it("drop late requests without an effect, then or later", async () => {
    services.reset([fault({ path: "/payments/*", delayMs: 3_600_000 })]);
    const before = services.received;
    const sent = send("/payments/charges").catch(() => "dropped");
    await expect.poll(() => services.received, { interval: 1 }).toBe(before + 1);
    await services.idle(1);
    expect(await sent).toBe("dropped");
    expect(services.ledger.entries).toEqual([]);
    services.reset();
    expect((await send("/payments/charges")).status).toBe(201);
  });

  it("answer the same with and without the token in the address, except for the model", async () => {
    const { origin } = new URL(services.url);
    for (const url of [services.url, origin]) {
      expect((await fetch(`${url}/mail/messages`, { method: "POST", body: "x" })).status).toBe(201);
    }
    expect(services.ledger.entries.map(({ path }) => path)).toEqual(["/mail/messages", "/mail/messages"]);
  });
});

describe("FaultPlan", () => {
  const plan = (...faults: unknown[]) => {
    const made = new FaultPlan();
    made.set(faults.map(fault));
    return made;
  };

  it("begins and ends at the given calls", () => {
    const faults = plan({ method: "POST", path: "/a", after: 1, times: 2, status: 500 });
    expect(faults.next("GET", "/a")).toEqual({ delayMs: 0 });
    expect(faults.next("POST", "/ab")).toEqual({ delayMs: 0 });
    const statuses = Array.from({ length: 5 }, () => faults.next("POST", "/a").refusal?.status);
    expect(statuses).toEqual([undefined, 500, 500, undefined, undefined]);
  });

  it("refuses until the time of Retry-After has passed", () => {
    const faults = plan({ path: "/a*", times: 1, status: 429, retryAfterSeconds: 2 });
    const at = (now: number) => faults.next("POST", "/abc", now).refusal;
    expect(at(0)).toEqual({ status: 429, retryAfterSeconds: 2 });
    expect(at(1_999)).toEqual({ status: 429, retryAfterSeconds: 2 });
    expect(at(2_000)).toBeUndefined();
  });

  it("delays by the longest delay", () => {
    const faults = plan({ path: "/a", delayMs: 5 }, { path: "/*", delayMs: 9 });
    expect(faults.next("GET", "/a")).toEqual({ delayMs: 9 });
  });
});
