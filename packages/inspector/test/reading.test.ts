import { createWorkflowEngine, patch } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { createInspector, type InspectorOptions } from "../src/index.ts";
import { newOrders, ORDER } from "./orders.ts";
import { browserOf } from "./requests.ts";

async function setUp(options: Partial<InspectorOptions> = {}) {
  const orders = await newOrders();
  const inspector = createInspector({ engine: orders.engine, authorize: () => ({ actions: true }), ...options });
  const browser = browserOf(inspector);
  await browser.open();
  return { ...orders, ...browser };
}

/** An engine whose one node returns a context. */
async function setUpContext(context: Record<string, unknown>, options: Partial<InspectorOptions> = {}) {
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [{ id: "w", nodes: [{ id: "a" }], edges: [] }],
    executors: { default: () => patch(context) },
  });
  await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "e" });
  const browser = browserOf(createInspector({ engine, authorize: () => ({ actions: true }), ...options }));
  await browser.open();
  return { engine, ...browser };
}

describe("the list of executions", () => {
  it("has the error and the failed node of each, and no context", async () => {
    const { get } = await setUp();
    const { json, text } = await get("executions", { status: "failed" });
    expect(json.items).toHaveLength(1);
    expect(json.items[0].failure).toMatchObject({
      nodeId: "charge",
      nodeName: "Charge the card",
      message: "The card was declined",
    });
    expect(text).not.toContain("hunter2");
  });

  it("comes in pages, each execution once", async () => {
    const { get } = await setUp();
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const { json } = await get("executions", { limit: "2", ...(cursor === undefined ? {} : { cursor }) });
      ids.push(...json.items.map(({ id }: { id: string }) => id));
      cursor = json.nextCursor;
    } while (cursor !== undefined);
    expect(ids.sort()).toEqual(["order-1001", "order-1002", "order-1003", "order-1004", "order-1005", "order-1006"]);
  });

  it("takes every filter that the page has", async () => {
    const { get } = await setUp();
    const filters = {
      ...{ status: "completed,failed", workflowId: "order", userId: "ada" },
      ...{
        createdAfter: "2020-01-01T00:00:00.000Z",
        createdBefore: "2100-01-01T00:00:00Z",
        endedAfter: "2020-01-01T00:00:00Z",
      },
    };
    const { json } = await get("executions", filters);
    expect(json.items.map(({ id }: { id: string }) => id).sort()).toEqual(["order-1001", "order-1003"]);
    expect((await get("count", filters)).json).toEqual({ count: 2, isMore: false });
  });
});

describe("one execution", () => {
  it("shows the graph with which it ran, and what the application has changed since", async () => {
    const { store } = await newOrders();
    const mended = {
      ...ORDER,
      nodes: [...ORDER.nodes.filter(({ id }) => id !== "ship"), { id: "send", type: "ship" }],
      edges: ORDER.edges.slice(0, -1),
    };
    const engine = createWorkflowEngine({ store, workflows: [mended], executors: () => () => ({}) });
    const { get } = browserOf(createInspector({ engine, authorize: () => ({}) }));
    const { definition } = (await get("execution", { id: "order-1003" })).json;
    expect(definition.graph.nodes.map(({ id }: { id: string }) => id)).toContain("ship");
    expect(definition.isChanged).toBe(true);
    expect(definition.changes).toEqual({ added: ["send"], removed: ["ship"], changed: [], edges: ["− charge → ship"] });
  });

  it("shows the failure with its stack and causes", async () => {
    const { get } = await setUp();
    const { failure } = (await get("progress", { id: "order-1003" })).json;
    expect(failure).toMatchObject({
      message: "The card was declined",
      cause: { name: "TypeError", code: "CARD_FORMAT" },
    });
    expect(failure.stack).toContain("orders.ts");
  });

  it("shows what it waits for, with the payload", async () => {
    const { get } = await setUp();
    const { waiting } = (await get("progress", { id: "order-1004" })).json;
    expect(waiting).toMatchObject([
      { nodeId: "approve", canAnswer: true, payload: { total: 2400, customer: "Barbara" } },
    ]);
  });

  it("shows exact values, and the operations of the delta", async () => {
    const { get } = await setUp();
    const { before, after, operations } = (await get("change", { id: "order-1001", seq: "1" })).json;
    expect(before.total).toBeUndefined();
    expect(after.rates).toEqual({
      $type: "Map",
      value: [
        ["EUR", 1],
        ["USD", 1.08],
      ],
    });
    expect(operations).toContainEqual(["set", ["cents"], { $type: "bigint", value: "9980" }]);
    expect((await get("change", { id: "order-1001", seq: "2" })).json.after.warehouse.row).toEqual({
      $type: "number",
      value: "-0",
    });
  });

  it("shows its head if its history is damaged", async () => {
    const { store, engine } = await newOrders();
    const damaged = { readCheckpoints: async () => [], getExecution: store.getExecution.bind(store) };
    const broken = new Proxy(store, {
      get: (target, name) => Reflect.get(damaged, name) ?? Reflect.get(target, name).bind?.(target),
    });
    const { get } = browserOf(
      createInspector({
        engine: createWorkflowEngine({ store: broken, workflows: [], executors: {} }),
        authorize: () => ({}),
      }),
    );
    const { status, json } = await get("progress", { id: "order-1001" });
    expect([status, json.execution.status, json.damage.code]).toEqual([200, "completed", "STATE_CORRUPT"]);
    await engine.drain();
  });
});

describe("the records", () => {
  const numbers = ({ json }: { json: { items: { seq: number }[] } }) => json.items.map(({ seq }) => seq);

  it("come newest first, and only those that the page does not have yet", async () => {
    const { get } = await setUp();
    const id = "order-1001";
    expect(numbers(await get("records", { id }))).toEqual([5, 4, 3, 2, 1, 0]);
    expect(numbers(await get("records", { id, before: "3" }))).toEqual([2, 1, 0]);
    expect(numbers(await get("records", { id, after: "3" }))).toEqual([5, 4]);
    expect(numbers(await get("records", { id, after: "1", before: "4" }))).toEqual([3, 2]);
    expect(numbers(await get("records", { id, after: "5" }))).toEqual([]);
  });
});

describe("redacted keys", () => {
  it("leave the server by no route, wherever they stand", async () => {
    const secret = "s3cret";
    const { get, engine } = await setUpContext(
      {
        Password: secret,
        deep: [{ apiKey: { inner: secret } }],
        map: new Map([["password", secret]]),
        set: new Set([{ APIKey: secret }]),
        error: Object.assign(new Error("x"), { password: secret }),
      },
      { redact: ["password", "ApIkEy"] },
    );
    await engine.executeWorkflow({
      workflowId: "w",
      userId: "u",
      executionId: "f",
      initialData: { password: secret },
      metadata: { apiKey: secret, tag: "t" },
    });
    for (const id of ["e", "f"]) {
      for (const path of ["executions", "execution", "progress", "records"]) {
        expect((await get(path, path === "executions" ? {} : { id })).text).not.toContain(secret);
      }
      for (const seq of ["0", "1"]) {
        expect((await get("change", { id, seq })).text).not.toContain(secret);
        for (const [path, download] of [
          ["[]", "1"],
          ["[]"],
          ['["Password"]'],
          ['["map"]'],
          ['["deep",0]'],
          ['["deep",0,"apiKey","inner"]'],
        ]) {
          const query = {
            id,
            seq,
            side: "after",
            path: path as string,
            ...(download === undefined ? {} : { download }),
          };
          expect((await get("value", query)).text).not.toContain(secret);
        }
      }
    }
    expect((await get("change", { id: "e", seq: "1" })).json.after.Password).toEqual({ $type: "waymark:redacted" });
  });

  it("are also hidden in the data of nodes and in payloads", async () => {
    const { get } = await setUp({ redact: ["apiKey", "customer"] });
    const execution = await get("execution", { id: "order-1004" });
    expect(execution.text).toContain("stripe");
    expect(execution.text).not.toContain("sk_live_1234");
    expect((await get("progress", { id: "order-1004" })).text).not.toContain("Barbara");
  });
});

describe("large values", () => {
  const large = { text: "é".repeat(3_000_000), list: Array.from({ length: 20_000 }, (_, n) => n), note: "short" };

  it("are cut, with their sizes, and the answer is bounded", async () => {
    const { get } = await setUpContext(large);
    const { text, json } = await get("change", { id: "e", seq: "1" });
    expect(text.length).toBeLessThan(400_000);
    expect(json.after.text).toMatchObject({ $type: "waymark:cut", value: { of: "string", size: 3_000_000 } });
    expect(json.after.list.value).toMatchObject({ of: "array", size: 20_000 });
    expect(json.after.list.value.start.slice(0, 3)).toEqual([0, 1, 2]);
    expect(json.after.note).toBe("short");
  });

  it("can be seen in larger parts, and downloaded whole", async () => {
    const { get } = await setUpContext(large);
    const query = { id: "e", seq: "1", side: "after", path: '["list"]' };
    const { value } = (await get("value", query)).json;
    expect(value.value.start).toHaveLength(5_000);
    const whole = await get("value", { ...query, path: "[]", download: "1" });
    expect(whole.headers.get("content-disposition")).toBe('attachment; filename="e-1.json"');
    expect(whole.json).toEqual(large);
  });
});

describe("the queue", () => {
  const depth = { ready: 3, delayed: 10, active: 2 };

  it("is shown by its depth, to those who see all users", async () => {
    const { engine } = await newOrders();
    const queued = { ...engine, dispatcher: { depth: async () => depth } };
    expect((await (await setUp({ engine: queued })).get("queue")).json).toEqual({ depth });
    const limited = await setUp({ engine: queued, authorize: () => ({ userId: "ada" }) });
    expect((await limited.get("queue")).json).toEqual({});
  });

  it("is not shown if there is none, or none that counts its jobs", async () => {
    const { engine } = await newOrders();
    expect((await (await setUp()).get("queue")).json).toEqual({});
    expect((await (await setUp({ engine: { ...engine, dispatcher: {} } })).get("queue")).json).toEqual({});
  });

  it("is said to be away, and its error is not shown", async () => {
    const { engine } = await newOrders();
    const errors: unknown[] = [];
    const dispatcher = { depth: () => Promise.reject(new Error("redis://:secret@queue is down")) };
    const { get } = await setUp({ engine: { ...engine, dispatcher }, onError: (error) => errors.push(error) });
    const { json, status } = await get("queue");
    expect([status, json, errors.length]).toEqual([200, { isAway: true }, 1]);
  });

  it("is said to be away if it waits to be back", async () => {
    const { engine } = await newOrders();
    const dispatcher = { depth: () => new Promise<never>(() => undefined) };
    const { json } = await (await setUp({ engine: { ...engine, dispatcher }, onError: () => undefined })).get("queue");
    expect(json).toEqual({ isAway: true });
  });
});

it("watching sends the execution and ends with it", async () => {
  const { get } = await setUp();
  const { text, headers } = await get("events", { id: "order-1001" });
  expect(headers.get("content-type")).toContain("text/event-stream");
  expect(headers.get("cache-control")).toBe("no-store, no-transform");
  expect(text).toMatch(/^event: execution\ndata: .*"status":"completed".*\n\nevent: end\n/);
});

it("watching ends when the browser goes away", async () => {
  const { engine } = await newOrders();
  const signals: (AbortSignal | undefined)[] = [];
  const watchExecution: typeof engine.watchExecution = (options) => {
    signals.push(options.signal);
    return engine.watchExecution(options);
  };
  const inspector = createInspector({ engine: { ...engine, watchExecution }, authorize: () => ({}) });
  const response = await inspector.fetch(new Request("http://localhost/api/events?id=order-1004"));
  const reader = response.body?.getReader();
  await reader?.read();
  expect(signals[0]?.aborted).toBe(false);
  await reader?.cancel();
  expect(signals[0]?.aborted).toBe(true);
});
