import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { createInspector } from "../src/index.ts";
import { newOrders } from "./orders.ts";
import { ACTIONS, browserOf } from "./requests.ts";

let orders: Awaited<ReturnType<typeof newOrders>>;
beforeAll(async () => {
  orders = await newOrders();
});

function inspector() {
  return createInspector({ engine: orders.engine, authorize: () => ({ actions: true }) });
}

async function heads() {
  const { items } = await orders.store.listExecutions();
  return items.map(({ readAt: _readAt, ...head }) => head);
}

describe("a body", () => {
  it("of more than 1.2 MB is refused, whether its length is given or not", async () => {
    const before = await heads();
    const { open, post } = browserOf(inspector());
    await open();
    const body = JSON.stringify({ id: "order-1004", reason: "x".repeat(1_300_000) });
    expect(await post("cancel", body)).toMatchObject({ status: 413, json: { error: { code: "PAYLOAD_TOO_LARGE" } } });
    expect(await post("cancel", body, { "content-length": String(body.length) })).toMatchObject({ status: 413 });
    expect(await heads()).toEqual(before);
  });

  it.each([
    ["{"],
    ["[]"],
    ["null"],
    ['"x"'],
    ["{}"],
    ['{"id":7}'],
    ['{"id":"order-1004","force":true}'],
    ['{"id":"order-1004","__proto__":{"a":1}}'],
  ])("that is none of ours is refused: %s", async (body) => {
    const before = await heads();
    const { open, post } = browserOf(inspector());
    await open();
    for (const [path] of ACTIONS) expect((await post(path, body)).status).toBe(400);
    expect(await heads()).toEqual(before);
  });
});

describe("a parameter that is none of ours", () => {
  it.each<[string, Record<string, string>]>([
    ["executions", { status: "done" }],
    ["executions", { createdAfter: "yesterday" }],
    ["executions", { limit: "-1" }],
    ["executions", { limit: "1e9" }],
    ["executions", { userId: "" }],
    ["executions", { cursor: "nonsense" }],
    ["executions", { sort: "id" }],
    ["records", { id: "order-1003", before: "x" }],
    ["change", { id: "order-1003", seq: "-1" }],
    ["change", { id: "order-1003", seq: "999" }],
    ["value", { id: "order-1003", seq: "1", side: "constructor", path: "[]" }],
    ["value", { id: "order-1003", seq: "1", side: "after", path: "{" }],
    ["value", { id: "order-1003", seq: "1", side: "after", path: '[{"a":1}]' }],
    ["progress", { id: "x".repeat(600) }],
    ["progress", {}],
  ])("is refused: %s %j", async (path, parameters) => {
    const { get } = browserOf(inspector());
    const { status, json } = await get(path, parameters);
    expect([status, json.error.code]).toEqual([400, "INVALID_ARGUMENT"]);
  });

  it("does not lead into prototypes", async () => {
    const { get } = browserOf(inspector());
    for (const path of [["__proto__"], ["constructor"], ["items", "length"]]) {
      const query = { id: "order-1003", seq: "1", side: "after", path: JSON.stringify(path) };
      expect((await get("value", query)).status).toBe(404);
    }
  });
});

describe("fetch", () => {
  it.each([
    ["a request of Node's http", new IncomingMessage(new Socket()), "IncomingMessage"],
    ["an address", "http://localhost/", "a string"],
    ["nothing", undefined, "but was given nothing"],
  ])("refuses %s and names what it takes", async (_what, given, named) => {
    const answer = inspector().fetch(given as never);
    await expect(answer).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(new RegExp(`a web-standard Request.*${named}.*@hono/node-server`)),
    });
  });
});
