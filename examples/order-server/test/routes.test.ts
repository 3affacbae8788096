import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OrderProgram, startProgram } from "./order-program.ts";
import { startServices } from "./services.ts";

const stack = new AsyncDisposableStack();
let services: Awaited<ReturnType<typeof startServices>>;
let program: OrderProgram;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "order-server-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  services = stack.use(await startServices());
  program = stack.use(await startProgram({ DATA_DIR: folder, SERVICES_URL: services.url }));
});
afterAll(() => stack[Symbol.asyncDispose]());

describe("a large order", () => {
  it.each([
    [true, { approved: true, payment: { id: expect.any(String) }, shipment: { id: expect.any(String) } }],
    [false, { approved: false, customer: "Ada", totalCents: 200_000 }],
  ])("waits, and continues with the answer %j", async (approved, order) => {
    const id = `large-${approved}`;
    const asked = services.next("/approvals");
    await program.order(id, 200_000);
    const { answerTo } = (await asked).body;
    const shown = await program.until("suspended", id);
    expect(shown.waiting).toEqual([
      {
        nodeId: "approve",
        reason: "approval of a large order",
        since: expect.any(String),
        until: expect.any(String),
      },
    ]);
    expect(JSON.stringify(shown)).not.toContain(String(answerTo).slice("/answers/".length));
    expect((await program.post(String(answerTo), { approved })).status).toBe(202);
    expect((await program.until("completed", id)).order).toMatchObject(order);

    const late = await program.post(String(answerTo), { approved: true });
    expect({ status: late.status, body: await late.json() }).toEqual({
      status: 404,
      body: { error: "NOT_WAITING", message: expect.any(String) },
    });
  });
});

describe("a request that cannot be served", () => {
  const key = { "idempotency-key": "refused" };
  it.each([
    ["without a key", 400, "INVALID_ARGUMENT", () => program.post("/orders", { customer: "Ada", totalCents: 1 })],
    ["that is not JSON", 400, "INVALID_ARGUMENT", () => program.post("/orders", "{", key)],
    ["that is no order", 400, "INPUT_INVALID", () => program.post("/orders", { customer: "" }, key)],
    ["that is null", 400, "INPUT_INVALID", () => program.post("/orders", null, key)],
    ["that is too large", 413, "PAYLOAD_TOO_LARGE", () => program.post("/orders", "x".repeat(200_000), key)],
    ["for an order that does not exist", 404, "EXECUTION_NOT_FOUND", () => program.get("/orders/refused")],
    ["with a damaged id", 400, "INVALID_ARGUMENT", () => program.get("/orders/%E0%A4%A")],
    ["with an unknown token", 404, "NOT_WAITING", () => program.post("/answers/unknown", {})],
    ["for another address", 404, "NO_SUCH_ROUTE", () => program.get("/orders/a/b")],
  ])("%s is answered with %i %s", async (_, status, error, send) => {
    const response = await send();
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status, body: { error } });
  });
});
