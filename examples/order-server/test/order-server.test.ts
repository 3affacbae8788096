import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { describe, expect, it } from "vitest";
import { startProgram } from "./order-program.ts";
import { startServices } from "./services.ts";

/** Makes the folder and the services of a test. `start` starts the program on them. */
async function setUp() {
  const folder = await mkdtemp(join(tmpdir(), "order-server-"));
  const services = await startServices();
  const stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  stack.use(services);
  return {
    services,
    start: (DRAIN_MS = "60000") => startProgram({ DATA_DIR: folder, SERVICES_URL: services.url, DRAIN_MS }),
    /** Reads what the store has of the orders that are due, and of the nodes that have completed. */
    async due() {
      await using store = await PostgresCheckpointStore.connect({ dataDir: folder });
      const { items } = await store.listExecutions({ due: true });
      return items.map(({ id, status, currentStep, owner }) => ({ id, status, currentStep, owner }));
    },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

describe("the order server, on SIGTERM while a node runs", () => {
  it("lets the node finish, exits with 0, and the next process completes the order by itself", async () => {
    await using test = await setUp();
    const { services } = test;
    services.held.add("/payments");
    await using first = await test.start();
    expect((await first.order("o-1")).status).toBe(202);
    const payment = await services.next("/payments");

    const since = performance.now();
    await first.terminate();
    payment.answer();
    expect(await first.exit()).toBe(0);
    expect(performance.now() - since).toBeLessThan(60_000);
    expect(await test.due()).toEqual([{ id: "o-1", status: "pending", currentStep: 2, owner: undefined }]);
    expect(services.keys("/shipments")).toEqual([]);

    await using second = await test.start();
    const { order, waiting } = await second.until("completed", "o-1");
    expect(order).toMatchObject({ approved: true, payment: { id: "payments-1" }, shipment: { id: "shipments-2" } });
    expect(waiting).toEqual([]);
    expect(services.keys("/payments")).toHaveLength(1);
    expect(services.keys("/shipments")).toHaveLength(1);
  });

  it("gives up a node that ignores its signal, and the next process runs only this node again", async () => {
    await using test = await setUp();
    const { services } = test;
    services.held.add("/shipments");
    await using first = await test.start("100");
    await first.order("o-1");
    await services.next("/shipments");
    await first.terminate();
    expect(await first.exit()).toBe(0);
    expect(await test.due()).toEqual([{ id: "o-1", status: "pending", currentStep: 2, owner: undefined }]);

    services.held.clear();
    await using second = await test.start();
    await second.until("completed", "o-1");
    const [key, ...again] = services.keys("/shipments");
    expect(again).toEqual([key]);
    expect(services.keys("/payments")).toHaveLength(1);
  });

  it("aborts a node that heeds its signal, which is no failed attempt", async () => {
    await using test = await setUp();
    const { services } = test;
    services.held.add("/payments");
    await using first = await test.start("100");
    await first.order("o-1");
    const payment = await services.next("/payments");
    await first.terminate();
    await payment.closed;
    expect(await first.exit()).toBe(0);
    expect(await test.due()).toEqual([{ id: "o-1", status: "pending", currentStep: 1, owner: undefined }]);

    services.held.clear();
    await using second = await test.start();
    const { order } = await second.until("completed", "o-1");
    expect(order).not.toHaveProperty("error");
    const [key, ...again] = services.keys("/payments");
    expect(again).toEqual([key]);
  });

  it("continues with an order that it has accepted before, and answers a request sent again", async () => {
    await using test = await setUp();
    await using first = await test.start();
    expect((await first.order("o-1")).status).toBe(202);
    await first.terminate();
    expect(await first.exit()).toBe(0);
    await using second = await test.start();
    const again = await second.order("o-1");
    expect({ status: again.status, location: again.headers.get("location") }).toEqual({
      status: 200,
      location: "/orders/o-1",
    });
    await second.until("completed", "o-1");
    expect(test.services.keys("/payments")).toHaveLength(1);
  });
});
