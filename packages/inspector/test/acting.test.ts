import { describe, expect, it } from "vitest";
import { createInspector } from "../src/index.ts";
import { inspectorFor } from "../src/server/create-inspector.ts";
import { CARD, newOrders } from "./orders.ts";
import { browserOf } from "./requests.ts";

async function setUp({ redact = [] as string[], canRun = true } = {}) {
  const orders = await newOrders();
  const options = { engine: orders.engine, authorize: () => ({ actions: true }), redact };
  const browser = browserOf(canRun ? createInspector(options) : inspectorFor(options, { canRun }));
  await browser.open();
  const stateOf = (id: string) => orders.engine.getExecutionState(id, { checkpoints: "last" });
  /** The record of a node, as the page names it. */
  const seqOf = async (id: string, nodeId: string) => {
    const { json } = await browser.get("records", { id });
    return json.items.find((record: { nodeId: string }) => record.nodeId === nodeId).seq as number;
  };
  return { ...orders, ...browser, stateOf, seqOf };
}

describe("fork", () => {
  it("begins before the node with the edited input, and leaves the original as it is", async () => {
    const { get, post, seqOf, stateOf, engine } = await setUp();
    const seq = await seqOf("order-1003", "charge");
    const { before } = (await get("change", { id: "order-1003", seq: String(seq) })).json;
    const context = JSON.stringify({ ...before, card: CARD });
    const { json } = await post("fork", { id: "order-1003", seq, definition: "original", context });
    expect((await stateOf(json.executionId)).getStatus()).toBe("pending");
    expect(await engine.resumeWorkflow({ executionId: json.executionId })).toMatchObject({ status: "completed" });
    const output = (await stateOf(json.executionId)).getContext();
    expect(output).toMatchObject({
      payment: { id: "pay_1" },
      cents: 9980n,
      rates: new Map([
        ["EUR", 1],
        ["USD", 1.08],
      ]),
    });
    expect((await stateOf("order-1003")).getStatus()).toBe("failed");
    const original = (await get("execution", { id: "order-1003" })).json;
    expect(original).toMatchObject({
      forks: [{ id: json.executionId, forkedFromSeq: seq - 1 }],
      mayHaveMoreForks: false,
    });
    expect((await get("execution", { id: "order-1001" })).json.forks).toEqual([]);
  });

  it("keeps what is redacted or cut, though the browser never had it", async () => {
    const { get, post, seqOf, stateOf, order } = await setUp({ redact: ["password", "customer"] });
    await order("long", { items: [], card: "x", password: "hunter2", notes: "n".repeat(50_000) });
    const seq = await seqOf("long", "charge");
    const { before } = (await get("change", { id: "long", seq: String(seq) })).json;
    const context = JSON.stringify({ ...before, card: CARD });
    expect(context).not.toContain("hunter2");
    const { json } = await post("fork", { id: "long", seq, definition: "original", context });
    expect((await stateOf(json.executionId)).getContext()).toMatchObject({
      card: CARD,
      password: "hunter2",
      notes: "n".repeat(50_000),
    });
  });

  it("refuses a hidden value that was moved, and a cut one that was edited", async () => {
    const { get, post, seqOf, order } = await setUp({ redact: ["password"] });
    await order("long", { items: [], card: "x", password: "hunter2", notes: "n".repeat(50_000) });
    const seq = await seqOf("long", "charge");
    const { before } = (await get("change", { id: "long", seq: String(seq) })).json;
    const edits = [
      { ...before, copy: before.password },
      { ...before, notes: { ...before.notes, value: { ...before.notes.value, start: "edited" } } },
    ];
    for (const edit of edits) {
      const answer = await post("fork", { id: "long", seq, definition: "original", context: JSON.stringify(edit) });
      expect(answer).toMatchObject({ status: 400, json: { error: { code: "INVALID_ARGUMENT" } } });
    }
  });

  it("begins anew from the first record", async () => {
    const { post, stateOf, engine } = await setUp();
    const { json } = await post("fork", { id: "order-1001", seq: 0, definition: "original" });
    expect((await stateOf(json.executionId)).getCurrentStep()).toBe(0);
    expect((await engine.resumeWorkflow({ executionId: json.executionId })).currentStep).toBe(5);
  });

  it.each([["[]"], ["7"], ["{"], ['{"a":{"$type":"Money","value":1}}']])("refuses the context %s", async (context) => {
    const { post } = await setUp();
    const { status } = await post("fork", { id: "order-1001", seq: 1, definition: "original", context });
    expect([400, 422]).toContain(status);
  });
});

describe("answer", () => {
  it("keeps the answer and makes the execution due", async () => {
    const { get, post, stateOf, engine } = await setUp();
    const [wait] = (await get("progress", { id: "order-1004" })).json.waiting;
    const { nodeId, visit, since } = wait;
    const data = '{"by":"me","sum":{"$type":"bigint","value":"7"}}';
    expect((await post("answer", { id: "order-1004", nodeId, visit, since, data })).status).toBe(200);
    await engine.recoverExecutions();
    const state = await stateOf("order-1004");
    expect([state.getStatus(), state.getContext().approval]).toEqual(["completed", { by: "me", sum: 7n }]);
  });

  it("refuses one to a question that is not asked any more", async () => {
    const { post } = await setUp();
    const stale = { id: "order-1004", nodeId: "approve", visit: 1, since: "2020-01-01T00:00:00.000Z", data: "true" };
    expect(await post("answer", stale)).toMatchObject({ status: 409, json: { error: { code: "NOT_WAITING" } } });
    expect((await post("answer", { ...stale, nodeId: "ship" })).status).toBe(409);
  });
});

describe("resume", () => {
  it("runs the execution, and returns how it ended", async () => {
    const { post, stateOf } = await setUp();
    expect((await post("resume", { id: "order-1005", definition: "original" })).json.status).toBe("failed");
    expect((await stateOf("order-1005")).getCurrentStep()).toBe(3);
  });

  it("reports why the engine refuses", async () => {
    const { post } = await setUp();
    expect(await post("resume", { id: "order-1001", definition: "original" })).toMatchObject({
      status: 409,
      json: { error: { code: "INVALID_STATUS" } },
    });
    expect(await post("resume", { id: "order-1006", definition: "original" })).toMatchObject({ status: 409 });
  });

  it("is refused by an inspector that has no code for nodes", async () => {
    const { get, post, stateOf } = await setUp({ canRun: false });
    expect((await get("session")).json.canRun).toBe(false);
    expect(await post("resume", { id: "order-1005", definition: "original" })).toMatchObject({
      status: 422,
      json: { error: { code: "CANNOT_RUN" } },
    });
    expect((await stateOf("order-1005")).getStatus()).toBe("pending");
  });
});

it("cancel keeps the reason, and delete leaves nothing", async () => {
  const { get, post, stateOf } = await setUp();
  await post("cancel", { id: "order-1004", reason: "not needed" });
  expect((await stateOf("order-1004")).getFailure()?.message).toContain("not needed");
  expect((await post("delete", { id: "order-1004" })).status).toBe(200);
  expect((await get("progress", { id: "order-1004" })).status).toBe(404);
  expect((await post("delete", { id: "order-1004" })).status).toBe(404);
});

it.each([
  [".."],
  ["../../etc"],
  ["<script>alert(1)</script>"],
  ["a/b?c#d"],
  ["\u0001\u202e\u0007"],
  ["😀".repeat(128)],
])("an execution with the id %j can be read, forked and deleted", async (id) => {
  const { get, post, order } = await setUp();
  await order(id, { items: [], card: CARD });
  expect((await get("progress", { id })).json.execution.id).toBe(id);
  expect((await post("fork", { id, seq: 1, definition: "original" })).status).toBe(200);
  expect((await post("delete", { id })).status).toBe(200);
});
