import { createWorkflowEngine, type ExecutionEvent } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { expect, it } from "vitest";
import { createWorker } from "../src/index.ts";
import type { PgBossDispatcher } from "../src/pg-boss/index.ts";
import type { Begin } from "./transactions.ts";
import { until } from "./until.ts";

/** A database with orders, a store and a queue. */
export interface OrdersDatabase {
  store: PostgresCheckpointStore;
  dispatcher: PgBossDispatcher;
  begin: Begin;
  query: (sql: string) => Promise<{ rows: unknown[] }>;
}

class Undo extends Error {}

/** Proves that an order, its execution and its job are committed together or not at all. */
export function describeTransactions(way: string, open: () => Promise<OrdersDatabase>): void {
  async function opened() {
    const database = await open();
    const { store, dispatcher, query } = database;
    const events: ExecutionEvent[] = [];
    const engine = createWorkflowEngine({
      store,
      dispatcher,
      workflows: [{ id: "order", nodes: [{ id: "ship" }], edges: [] }],
      executors: { default: ({ context }) => ({ ...context, isShipped: true }) },
      onEvent: (event) => void events.push(event),
      logger: { debug: () => 0, info: () => 0, warn: () => 0, error: () => 0 },
    });
    const counts = async () => {
      const { rows } = await query(
        "SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM queue.job WHERE name = 'waymark') AS jobs",
      );
      const { items } = await engine.listExecutions();
      return { ...(rows[0] as object), executions: items.length };
    };
    /** Places an order in a transaction, together with its execution. */
    const place = (executionId: string, after?: () => Promise<void>) =>
      database.begin(async ({ client, query: inside }) => {
        await inside("INSERT INTO orders (id) VALUES ($1)", [executionId]);
        const view = PostgresCheckpointStore.inTransaction(client);
        await engine.startExecution({ workflowId: "order", userId: "ada", executionId, store: view });
        await after?.();
      });
    return { ...database, engine, events, counts, place };
  }

  it(`an order in a transaction on ${way} that rolls back leaves neither order, execution nor job`, async () => {
    const { place, counts, dispatcher } = await opened();
    await place("e1", () => Promise.reject(new Undo())).catch((error: unknown) => expect(error).toBeInstanceOf(Undo));
    expect(await counts()).toEqual({ orders: 0, jobs: 0, executions: 0 });
    await dispatcher.close();
  });

  it(`an order in a transaction on ${way} that commits leaves all three, and a worker runs it`, async () => {
    const { place, counts, dispatcher, engine, store } = await opened();
    await place("e1");
    expect(await counts()).toEqual({ orders: 1, jobs: 1, executions: 1 });
    // No sweep finds it: the queue has it.
    const worker = createWorker({ engine, sweepIntervalMs: 600_000 });
    await until(async () => (await store.getExecution("e1"))?.status === "completed");
    await worker.stop();
    await dispatcher.close();
  });

  it(`a job that the queue does not take spoils no transaction on ${way}`, async () => {
    const { place, counts, dispatcher, events, query } = await opened();
    await query("ALTER TABLE queue.job RENAME COLUMN priority TO rank");
    await place("e1");
    expect(events).toContainEqual(expect.objectContaining({ type: "dispatch.failed", executionId: "e1" }));
    expect(await counts()).toEqual({ orders: 1, jobs: 0, executions: 1 });
    await dispatcher.close();
  });
}
