import { createWorkflowEngine, type WorkflowEngine } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll, afterEach, expect, it } from "vitest";
import { createWorker, type Worker } from "../src/index.ts";
import { type PgBossDispatcherOptions, pgBossDispatcher } from "../src/pg-boss/index.ts";
import { until } from "./until.ts";

const server = await startPostgres();
afterAll(() => server.stop());
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let places = 0;

/** A store and a queue that several engines share, each as a process of its own would. */
function newPlace() {
  const name = `workers_${++places}`;
  return async function engineWith(
    workflowIds: string[],
    onNode: (executionId: string) => unknown,
    settings: PgBossDispatcherOptions = {},
  ): Promise<WorkflowEngine> {
    const store = await PostgresCheckpointStore.connect({ url: server.url, schema: name });
    const dispatcher = pgBossDispatcher({ url: server.url, schema: `${name}_queue`, ...settings });
    await dispatcher.setup();
    ends.push(async () => {
      await dispatcher.close();
      await store.close();
    });
    return createWorkflowEngine({
      store,
      dispatcher,
      leaseMs: 2_000,
      workflows: workflowIds.map((id) => ({ id, nodes: [{ id: "a" }], edges: [] })),
      executors: {
        default: async ({ context, executionId }) => {
          await onNode(executionId);
          return context;
        },
      },
    }) as WorkflowEngine;
  };
}

function working(engine: WorkflowEngine, concurrency = 4): Worker {
  const worker = createWorker({ engine, concurrency, sweepIntervalMs: 60_000 });
  ends.push(() => worker.stop());
  return worker;
}

async function start(engine: WorkflowEngine, workflowId: string, count: number, userId = "ada"): Promise<void> {
  const ids = Array.from({ length: count }, (_, index) => `${workflowId}-${userId}-${index}`);
  await Promise.all(ids.map((executionId) => engine.startExecution({ workflowId, userId, executionId })));
}

it("two versions of an application share a queue and a store while they roll: each leaves the other's workflows alone", async () => {
  const engineWith = newPlace();
  const ran: [version: string, executionId: string][] = [];
  const version = (name: string, workflowIds: string[]) => engineWith(workflowIds, (id) => ran.push([name, id]));
  const [before, stays] = [await version("v1", ["old", "shared"]), await version("v1", ["old", "shared"])];
  const after = await version("v2", ["new", "shared"]);
  const [leaving] = [working(before), working(stays)];
  // Nobody knows the new ones yet.
  await start(after, "new", 4);
  await start(before, "old", 4);
  await start(before, "shared", 4);
  await until(() => ran.length === 8);
  working(after);
  await leaving.stop();
  await start(stays, "old", 4, "bob");
  await start(after, "shared", 4, "bob");
  await until(async () => (await stays.listExecutions({ status: "completed" })).items.length === 20);
  expect(ran).toHaveLength(20);
  const versionsOf = (workflow: string) =>
    new Set(ran.filter(([, id]) => id.startsWith(workflow)).map(([name]) => name));
  expect([...versionsOf("old")]).toEqual(["v1"]);
  expect([...versionsOf("new")]).toEqual(["v2"]);
});

it("an execution with many jobs runs once, and never twice at the same time", async () => {
  const engineWith = newPlace();
  let [now, most, calls] = [0, 0, 0];
  const onNode = async () => {
    calls++;
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 100));
    now--;
  };
  const engines = [await engineWith(["w"], onNode), await engineWith(["w"], onNode)];
  const [engine] = engines as [WorkflowEngine];
  await engine.startExecution({ workflowId: "w", userId: "ada", executionId: "e1" });
  await Promise.all(Array.from({ length: 20 }, () => engine.dispatcher?.enqueue("e1", {})));
  for (const each of engines) working(each);
  await until(async () => {
    const { ready, delayed, active } = (await engine.dispatcher?.depth?.()) ?? { ready: 1, delayed: 0, active: 0 };
    return ready + delayed + active === 0;
  });
  expect({ most, calls }).toEqual({ most: 1, calls: 1 });
});

it("a tenant that starts 10,000 executions delays another's first one by no more than what it may have in flight", async () => {
  const engineWith = newPlace();
  const order: string[] = [];
  let end = (): void => undefined;
  const small = new Promise<void>((resolve) => {
    end = resolve;
  });
  const onNode = async (id: string) => {
    order.push(id);
    if (id.includes("small")) end();
    // The big tenant's executions go on only then: others of it cannot take their places.
    else await small;
  };
  const engine = await engineWith(["w"], onNode, { tenantConcurrency: 4 });
  await start(engine, "w", 10_000, "big");
  await start(engine, "w", 1, "small");
  working(engine, 16);
  await small;
  expect(order.indexOf("w-small-0")).toBeLessThanOrEqual(8);
});

it("a job that is done is removed; one with `atMostEveryMs` stays, so that it keeps others out", async () => {
  const schema = `workers_${++places}_queue`;
  const dispatcher = pgBossDispatcher({ url: server.url, schema });
  const pool = new pg.Pool({ connectionString: server.url });
  ends.push(async () => {
    await dispatcher.close();
    await pool.end();
  });
  for (const id of ["a", "b"]) await dispatcher.enqueue(id, {});
  await dispatcher.enqueue("swept", { atMostEveryMs: 60_000 });
  const stopping = new AbortController();
  const delivered: string[] = [];
  const handler = async (id: string) => {
    delivered.push(id);
    return delivered.length === 1 ? { againInMs: 1 } : {};
  };
  const work = dispatcher.work(handler, { concurrency: 1, signal: stopping.signal });
  await until(() => delivered.length === 4);
  stopping.abort();
  await work;
  const { rows } = await pool.query(`SELECT data ->> 'id' AS id, state FROM ${schema}.job WHERE data ? 'id'`);
  expect(rows).toEqual([{ id: "swept", state: "completed" }]);
});
