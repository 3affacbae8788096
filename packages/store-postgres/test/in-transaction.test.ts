import { type CheckpointStore, createWorkflowEngine } from "@waymark/core";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { openPGlite, startPostgres } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { PostgresCheckpointStore, type PostgresTransaction } from "../src/index.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
const dataSource = await new DataSource({ type: "postgres", url: server.url }).initialize();
const pglite = await openPGlite();
const onServer = PostgresCheckpointStore.from(pool);
const inProcess = PostgresCheckpointStore.from(pglite);
afterAll(async () => {
  await onServer.close();
  await inProcess.close();
  await dataSource.destroy();
  await pool.end();
  await pglite.close();
  await server.stop();
});

const ORDERS = "CREATE TABLE orders (id text PRIMARY KEY)";
await Promise.all([onServer.setup(), inProcess.setup(), pool.query(ORDERS)]);
await pglite.exec(ORDERS);

/** A transaction that is under way: the caller's own statements, and what the view is made of. */
interface Open {
  client: PostgresTransaction;
  insert(id: string): Promise<unknown>;
}

class Undo extends Error {}
const insertOf = (send: (sql: string, values: string[]) => Promise<unknown>) => (id: string) =>
  send("INSERT INTO orders (id) VALUES ($1)", [id]);

/** The ways to begin a transaction; each commits what `work` does, or undoes it if `work` throws. */
const WAYS: Record<
  string,
  { store: CheckpointStore; begin: (work: (open: Open) => Promise<void>) => Promise<unknown> }
> = {
  "a connection of pg": {
    store: onServer,
    begin: async (work) => {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await work({ client, insert: insertOf((sql, values) => client.query(sql, values)) });
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
  },
  "an EntityManager": {
    store: onServer,
    begin: (work) =>
      dataSource.transaction((client) =>
        work({ client, insert: insertOf((sql, values) => client.query(sql, values)) }),
      ),
  },
  "a QueryRunner": {
    store: onServer,
    begin: async (work) => {
      const client = dataSource.createQueryRunner();
      try {
        await client.startTransaction();
        await work({ client, insert: insertOf((sql, values) => client.query(sql, values)) });
        await client.commitTransaction();
      } catch (error) {
        await client.rollbackTransaction();
        throw error;
      } finally {
        await client.release();
      }
    },
  },
  PGlite: {
    store: inProcess,
    begin: (work) =>
      pglite.transaction((client) => work({ client, insert: insertOf((sql, values) => client.query(sql, values)) })),
  },
};

/** A workflow of one node. */
const SHOP = {
  workflows: [{ id: "shop", nodes: [{ id: "pay" }], edges: [] }],
  executors: { default: ({ context }: { context: object }) => ({ ...context, paid: true }) },
};

const ordersOf = async (store: CheckpointStore) => {
  const sql = "SELECT id FROM orders ORDER BY id";
  const { rows } = store === inProcess ? await pglite.query<{ id: string }>(sql) : await pool.query(sql);
  return rows.map(({ id }) => id);
};

describe.each(Object.entries(WAYS))("a store in a transaction of %s", (_name, { store, begin }) => {
  beforeEach(async () => {
    for (const sql of ["TRUNCATE orders, waymark.executions, waymark.checkpoints, waymark.definitions"]) {
      await (store === inProcess ? pglite.exec(sql) : pool.query(sql));
    }
  });

  it("creates an execution together with the caller's row", async () => {
    await begin(async ({ client, insert }) => {
      const view = PostgresCheckpointStore.inTransaction(client);
      await insert("order-1");
      await view.saveDefinition("2:h", '{"id":"w"}');
      const execution = newExecution("order-1", {
        metadata: { tag: "é\u0001" },
        failure: { code: "X", message: "\u0000" },
      });
      const created = await view.createExecution(execution);
      expect(created).toMatchObject({ id: "order-1", version: 0, metadata: { tag: "é\u0001" } });
      expect(created.failure).toEqual({ code: "X", message: "\u0000" });
      expect(created.leaseUntil).toBe(created.createdAt + 60_000);
      if (store === onServer) expect(await store.getExecution("order-1")).toBeUndefined();
    });
    expect(await ordersOf(store)).toEqual(["order-1"]);
    expect(await store.getDefinition("2:h")).toBe('{"id":"w"}');
    const head = await store.getExecution("order-1");
    expect(head).toMatchObject({ status: "running", seq: 0 });
    await store.commit("order-1", newCommit(head as never));
    expect(await store.readCheckpoints("order-1")).toHaveLength(2);
  });

  it("creates nothing if the caller undoes the transaction", async () => {
    const call = begin(async ({ client, insert }) => {
      const view = PostgresCheckpointStore.inTransaction(client);
      await view.saveDefinition("2:undone", "{}");
      await view.createExecution(newExecution("undone"));
      await insert("undone");
      throw new Undo();
    });
    await expect(call).rejects.toThrow(Undo);
    expect(await ordersOf(store)).toEqual([]);
    expect(await store.getExecution("undone")).toBeUndefined();
    expect(await store.getDefinition("2:undone")).toBeUndefined();
  });

  it("starts an execution of an engine together with the caller's row, and a recovery runs it", async () => {
    const engine = createWorkflowEngine({ store, ...SHOP });
    await begin(async ({ client, insert }) => {
      await insert("order-1");
      const view = PostgresCheckpointStore.inTransaction(client);
      const call = { workflowId: "shop", userId: "u1", executionId: "order-1", store: view };
      expect(await engine.startExecution(call)).toEqual({ executionId: "order-1", created: true });
      if (store === onServer) expect(await engine.recoverExecutions()).toEqual({ resumed: 0, left: [] });
    });
    expect(await engine.recoverExecutions()).toEqual({ resumed: 1, left: [] });
    expect(await store.getExecution("order-1")).toMatchObject({ status: "completed" });
  });

  it("starts no execution if the caller undoes the transaction", async () => {
    const engine = createWorkflowEngine({ store, ...SHOP });
    const call = begin(async ({ client }) => {
      const view = PostgresCheckpointStore.inTransaction(client);
      await engine.startExecution({ workflowId: "shop", userId: "u1", executionId: "undone", store: view });
      throw new Undo();
    });
    await expect(call).rejects.toThrow(Undo);
    expect(await engine.recoverExecutions()).toEqual({ resumed: 0, left: [] });
    // Its definition was undone, too: the next start keeps it.
    await engine.startExecution({ workflowId: "shop", userId: "u1", executionId: "order-2" });
    expect(await createWorkflowEngine({ store, ...SHOP }).recoverExecutions()).toEqual({ resumed: 1, left: [] });
    const head = await store.getExecution("order-2");
    expect(await store.getDefinition(String(head?.definitionHash))).toBeDefined();
  });

  it("reports an id that is taken and recognizes its own call, and the transaction continues", async () => {
    await store.createExecution(newExecution("taken"));
    await begin(async ({ client, insert }) => {
      const view = PostgresCheckpointStore.inTransaction(client);
      await expect(view.createExecution(newExecution("taken"))).rejects.toMatchObject({
        code: "EXECUTION_ALREADY_EXISTS",
      });
      const own = newExecution("own");
      const { token } = await view.createExecution(own);
      expect(await view.createExecution(own)).toMatchObject({ id: "own", token });
      await insert("kept");
    });
    expect(await ordersOf(store)).toEqual(["kept"]);
    expect(await store.getExecution("own")).toBeDefined();
  });

  it("keeps texts that begin with a byte order mark", async () => {
    await begin(async ({ client }) => {
      const view = PostgresCheckpointStore.inTransaction(client);
      expect(await view.createExecution(newExecution("\ufeffid", { userId: "\ufeffu" }))).toMatchObject({
        id: "\ufeffid",
        userId: "\ufeffu",
      });
    });
    expect(await store.getExecution("\ufeffid")).toMatchObject({ id: "\ufeffid", userId: "\ufeffu" });
  });

  it("reports that a failed statement has aborted the transaction, and sends nothing more", async () => {
    const codes: unknown[] = [];
    const call = begin(async ({ client, insert }) => {
      await insert("lost");
      const view = PostgresCheckpointStore.inTransaction(client, { schema: "nowhere" });
      const failure = await view.saveDefinition("2:x", "{}").catch((error) => error);
      expect(failure).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "schema", sqlState: "42P01" } });
      expect(failure.message).toContain("roll it back");
      const later = await view.createExecution(newExecution("x")).catch((error) => error);
      codes.push(later.code, later.cause === failure);
      throw new Undo();
    });
    await expect(call).rejects.toThrow(Undo);
    expect(codes).toEqual(["STORE_CLOSED", true]);
    expect(await ordersOf(store)).toEqual([]);
  });

  it("refuses every other method, and is closed with its transaction", async () => {
    let view: CheckpointStore | undefined;
    await begin(async ({ client, insert }) => {
      view = PostgresCheckpointStore.inTransaction(client);
      const { token, version } = await view.createExecution(newExecution("a"));
      const calls = [
        view.getExecution("a"),
        view.claimExecution("a", { claimId: "c", owner: "o", leaseMs: 1, from: ["running"] }),
        view.commit("a", newCommit({ token, version })),
        view.readCheckpoints("a"),
        view.listExecutions(),
        view.getDefinition("2:a"),
        view.deleteUnusedDefinitions({ olderThanMs: 600_000 }),
        view.deleteExecutions([]),
      ];
      for (const call of calls) await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      await view.close();
      await insert("after");
    });
    expect(await ordersOf(store)).toEqual(["after"]);
    await expect(view?.createExecution(newExecution("late"))).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  it("is closed once the caller has ended the transaction", async () => {
    const views: CheckpointStore[] = [];
    await begin(async ({ client }) => void views.push(PostgresCheckpointStore.inTransaction(client)));
    await expect(views[0]?.createExecution(newExecution("late"))).rejects.toMatchObject({ code: "STORE_CLOSED" });
    expect(await store.getExecution("late")).toBeUndefined();
  });
});

describe("a store in a transaction", () => {
  it("refuses what is no transaction, and unknown options", async () => {
    const client = await pool.connect();
    await client.query("SELECT 1");
    const some = [
      undefined,
      null,
      {},
      "x",
      pool,
      pglite,
      dataSource,
      dataSource.manager,
      dataSource.createQueryRunner(),
      client,
    ];
    for (const one of some) {
      expect(() => PostgresCheckpointStore.inTransaction(one as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
    await client.query("BEGIN");
    for (const options of [{ schem: "x" }, { schema: "a b" }, null, { timeoutMs: 0 }, { migrate: true }]) {
      expect(() => PostgresCheckpointStore.inTransaction(client, options as never)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
    }
    await client.query("ROLLBACK");
    client.release();
  });

  it("waits for another transaction with the same id, but not longer than timeoutMs", async () => {
    const [one, two] = await Promise.all([pool.connect(), pool.connect()]);
    await Promise.all([one.query("BEGIN"), two.query("BEGIN")]);
    await PostgresCheckpointStore.inTransaction(one).createExecution(newExecution("both"));
    const late = PostgresCheckpointStore.inTransaction(two, { timeoutMs: 50 }).createExecution(newExecution("both"));
    await expect(late).rejects.toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason: "timeout" } });
    await one.query("ROLLBACK");
    one.release();
    two.release(true);
  });
});
