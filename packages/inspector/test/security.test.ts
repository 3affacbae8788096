import { beforeAll, describe, expect, it, vi } from "vitest";
import { createInspector, type InspectorOptions } from "../src/index.ts";
import { newOrders } from "./orders.ts";
import { ACTIONS, browserOf } from "./requests.ts";

type Orders = Awaited<ReturnType<typeof newOrders>>;

const READS: [string, Record<string, string>][] = [
  ["session", {}],
  ["executions", {}],
  ["count", {}],
  ["queue", {}],
  ["execution", { id: "order-1003" }],
  ["progress", { id: "order-1003" }],
  ["records", { id: "order-1003" }],
  ["change", { id: "order-1003", seq: "1" }],
  ["value", { id: "order-1003", seq: "1", side: "after", path: "[]" }],
  ["events", { id: "order-1003" }],
];
/** The headers of every answer, word by word. */
const PROTECTION = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};
const PAGES = ["", "/", "/inbox", "/execution?id=order-1003", "/assets/anything.js"];

let orders: Orders;
beforeAll(async () => {
  orders = await newOrders();
});

function inspectorWith(options: Partial<InspectorOptions>) {
  return createInspector({
    engine: orders.engine,
    authorize: () => ({ actions: true }),
    onError: () => {},
    ...options,
  });
}

async function heads() {
  const { items } = await orders.store.listExecutions();
  return items.map(({ readAt: _readAt, ...head }) => head);
}

describe("createInspector", () => {
  it("throws without authorize, and says what to give it", () => {
    const { engine } = orders;
    expect(() => createInspector({ engine } as unknown as InspectorOptions)).toThrow(/authorize: is required/);
    const loose = createInspector as (given?: unknown) => unknown;
    for (const given of [undefined, engine]) {
      expect(() => loose(given)).toThrow(
        "createInspector: takes one object: write createInspector({ engine, authorize }).",
      );
    }
  });

  it.each([
    [{ authorize: true }, /authorize/],
    [{ basePath: "/admin/" }, /basePath/],
    [{ basePath: "admin" }, /basePath/],
    [{ basePath: '/a"><script>' }, /basePath/],
    [{ hosts: ["https://admin.example.com"] }, /hosts/],
    [{ redact: [""] }, /redact/],
    [{ engine: {} }, /engine/],
    [{ authorise: () => false }, /"authorise" .*did you mean "authorize"/],
    [{ redacts: ["password"] }, /did you mean "redact"/],
  ])("refuses the options %j", (options, message) => {
    expect(() => inspectorWith(options as never)).toThrow(message);
  });
});

describe("a request that authorize answers with false", () => {
  it.each(READS)("gets nothing from api/%s", async (path, parameters) => {
    const { get } = browserOf(inspectorWith({ authorize: () => false }));
    const answer = await get(path, parameters);
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain("order");
    expect(answer.headers.get("set-cookie")).toBeNull();
  });

  it.each(PAGES)("gets nothing from %j", async (path) => {
    const { send } = browserOf(inspectorWith({ authorize: () => false }));
    expect((await send(path)).status).toBe(403);
  });

  it.each(ACTIONS)("cannot %s", async (path, body) => {
    const before = await heads();
    const { post } = browserOf(inspectorWith({ authorize: () => false }));
    expect((await post(path, body)).status).toBe(403);
    expect(await heads()).toEqual(before);
  });
});

describe("an answer of authorize that is no decision", () => {
  it.each([
    [true],
    [undefined],
    [null],
    [{ userId: undefined }],
    [{ userId: "" }],
    [{ userId: null }],
    [{ action: true }],
    ["admin"],
  ])("is refused: %j", async (given) => {
    const onError = vi.fn();
    const { get } = browserOf(inspectorWith({ authorize: () => given as never, onError }));
    expect((await get("executions")).status).toBe(403);
    expect(onError).toHaveBeenCalledOnce();
  });

  it("is reported and not shown if it is an error", async () => {
    const onError = vi.fn();
    const authorize = () => {
      throw new Error("secret connection string");
    };
    const answer = await browserOf(inspectorWith({ authorize, onError })).get("executions");
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("secret");
    expect(onError).toHaveBeenCalledOnce();
  });
});

describe("a reader", () => {
  it.each(ACTIONS)("cannot %s, even with the token", async (path, body) => {
    const before = await heads();
    const { open, post } = browserOf(inspectorWith({ authorize: () => ({}) }));
    await open();
    const answer = await post(path, body);
    expect(answer).toMatchObject({ status: 403, json: { error: { code: "READ_ONLY" } } });
    expect(await heads()).toEqual(before);
  });
});

describe("a request of one user", () => {
  it("sees that user's executions only", async () => {
    const { get } = browserOf(inspectorWith({ authorize: () => ({ userId: "ben" }) }));
    const { json } = await get("executions");
    expect(json.items.map(({ id }: { id: string }) => id).sort()).toEqual(["order-1002", "order-1005"]);
    expect((await get("executions", { userId: "ada" })).status).toBe(400);
    expect((await get("count")).json.count).toBe(2);
  });

  it.each(READS.filter(([, { id }]) => id !== undefined && id !== ""))(
    "gets nothing of another's from api/%s",
    async (path, parameters) => {
      const { get } = browserOf(inspectorWith({ authorize: () => ({ userId: "ben" }) }));
      const answer = await get(path, parameters);
      expect(answer.text).toContain("EXECUTION_NOT_FOUND");
      expect(answer.text).not.toContain("declined");
      const unknown = await get(path, { ...parameters, id: "no-such" });
      expect(answer.text).toBe(unknown.text.replaceAll("no-such", parameters.id ?? ""));
    },
  );

  it.each(ACTIONS)("cannot %s another's execution", async (path, body) => {
    const before = await heads();
    const { open, post } = browserOf(inspectorWith({ authorize: () => ({ actions: true, userId: "ben" }) }));
    await open();
    expect((await post(path, body)).status).toBe(404);
    expect(await heads()).toEqual(before);
  });
});

describe("the host", () => {
  it.each([["evil.example"], ["evil.example:4646"], ["localhost.evil.example"], ["127.0.0.1.evil.example"], [""]])(
    "%j is refused before authorize is asked",
    async (host) => {
      const authorize = vi.fn(() => ({ actions: true }));
      const { get, send } = browserOf(inspectorWith({ authorize }));
      expect(await get("executions", {}, { host })).toMatchObject({
        status: 403,
        json: { error: { code: "HOST_NOT_ALLOWED" } },
      });
      expect((await send("/", { headers: { host } })).status).toBe(403);
      expect(authorize).not.toHaveBeenCalled();
    },
  );

  it.each([["localhost"], ["127.0.0.1:80"], ["[::1]:4646"], ["Admin.Example.com"], ["admin.example.com:8443"]])(
    "%s is allowed",
    async (host) => {
      const { get } = browserOf(inspectorWith({ hosts: ["admin.example.com"] }));
      expect((await get("executions", {}, { host })).status).toBe(200);
    },
  );
});

describe("another origin", () => {
  it.each([
    ["https://evil.example"],
    ["http://localhost:4647"],
    ["null"],
    ["http://localhost:4646.evil.example"],
    ["file://localhost:4646"],
  ])("%s is refused", async (origin) => {
    const before = await heads();
    const { get, open, post } = browserOf(inspectorWith({}));
    await open();
    expect(await get("executions", {}, { origin })).toMatchObject({
      status: 403,
      json: { error: { code: "ORIGIN_NOT_ALLOWED" } },
    });
    for (const [path, body] of ACTIONS) expect((await post(path, body, { origin })).status).toBe(403);
    expect(await heads()).toEqual(before);
  });

  it("cannot read by a request without an origin, but may link to the page", async () => {
    const { get, send } = browserOf(inspectorWith({}));
    for (const name of ["cross-site", "same-site"]) {
      const site = { "sec-fetch-site": name };
      expect((await get("executions", {}, site)).status).toBe(403);
      expect((await send("/nowhere", { headers: { ...site, "sec-fetch-mode": "navigate" } })).status).toBe(404);
    }
  });
});

describe("an action without proof that it comes from the page", () => {
  it.each(ACTIONS)("is refused: %s", async (path, body) => {
    const before = await heads();
    const { open, post } = browserOf(inspectorWith({}));
    const refused = { status: 403, json: { error: { code: "TOKEN_MISSING" } } };
    // Neither a cookie nor a token; a token of one's own making; a cookie without the token.
    expect(await post(path, body)).toMatchObject(refused);
    expect(await post(path, body, { "x-waymark-token": "0".repeat(32) })).toMatchObject(refused);
    await open();
    expect(await post(path, body, { "x-waymark-token": "" })).toMatchObject(refused);
    expect(await post(path, body, { "x-waymark-token": "0".repeat(32) })).toMatchObject(refused);
    expect(await heads()).toEqual(before);
  });

  it("has a cookie that neither scripts nor other sites can use", async () => {
    const { headers } = await browserOf(inspectorWith({ basePath: "/in" }), "/in").get("session");
    expect(headers.get("set-cookie")).toMatch(/^waymark-inspector=[0-9a-f]{32}; Path=\/in; HttpOnly; SameSite=Strict$/);
    const secure = new Request("https://localhost/api/session", { headers: { host: "localhost" } });
    expect((await inspectorWith({}).fetch(secure)).headers.get("set-cookie")).toMatch(/; SameSite=Strict; Secure$/);
  });
});

describe("every answer", () => {
  it.each([
    ...READS.map(([path, parameters]) => `/api/${path}?${new URLSearchParams(parameters)}`),
    "/nowhere",
    "/api/nowhere",
  ])("%s may not be framed, sniffed, cached or asked for by others", async (path) => {
    const { headers } = await browserOf(inspectorWith({})).send(path);
    expect(Object.fromEntries(headers)).toMatchObject(PROTECTION);
    expect(headers.get("cache-control")).toMatch(/^no-store\b/);
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is outside the base path nothing", async () => {
    const { send } = browserOf(inspectorWith({ basePath: "/admin/waymark" }));
    for (const path of ["/", "/api/executions", "/admin", "/admin/waymarks/", "/admin/api/session"]) {
      expect((await send(path)).status).toBe(404);
    }
    expect((await send("/admin/waymark/api/executions")).status).toBe(200);
  });

  it("has no token by which a wait could be answered otherwise", async () => {
    const { get } = browserOf(inspectorWith({}));
    const [wait] = (await orders.engine.getExecutionState("order-1004")).getWaiting();
    for (const path of ["progress", "records", "execution"]) {
      expect((await get(path, { id: "order-1004" })).text).not.toContain(wait?.waitToken);
    }
  });
});

it("an error without a code is reported, and its message stays on the server", async () => {
  const onError = vi.fn();
  const engine = { ...orders.engine, listExecutions: () => Promise.reject(new Error("postgres://admin:pw@db")) };
  const answer = await browserOf(inspectorWith({ engine, onError })).get("executions");
  expect(answer).toMatchObject({ status: 500, json: { error: { code: "INTERNAL" } } });
  expect(answer.text).not.toContain("postgres");
  expect(onError).toHaveBeenCalledOnce();
});
