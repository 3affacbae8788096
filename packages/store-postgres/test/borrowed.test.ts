import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres } from "tooling/test-servers";
import { untilAccepted } from "tooling/until-accepted";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startOwnPostgres();
const setup = await PostgresCheckpointStore.connect({ url: server.url });
await setup.close();
afterAll(() => server.stop());

function newPool(config: pg.PoolConfig = {}): pg.Pool {
  const pool = new pg.Pool({ connectionString: server.url, ...config });
  pool.on("error", () => {});
  return pool;
}

let ids = 0;
const newId = () => `e${++ids}`;

describe("a DataSource", () => {
  it("works again after destroy() and initialize(), with its new pool", async () => {
    const dataSource = await new DataSource({ type: "postgres", url: server.url }).initialize();
    const store = PostgresCheckpointStore.from(dataSource, { timeoutMs: 2_000 });
    const head = await store.createExecution(newExecution(newId()));
    for (let version = 0; version < 3; version++) {
      await dataSource.destroy();
      await expect(store.getExecution(head.id)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      await dataSource.initialize();
      await store.commit(head.id, newCommit({ token: head.token, version }));
    }
    expect(await store.getExecution(head.id)).toMatchObject({ version: 3 });
    await store.close();
    expect(await dataSource.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await dataSource.destroy();
    await expect(store.getExecution(head.id)).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  it("that is destroyed during calls makes each of them reject with a code", async () => {
    const dataSource = await new DataSource({ type: "postgres", url: server.url, poolSize: 2 }).initialize();
    const store = PostgresCheckpointStore.from(dataSource, { timeoutMs: 2_000 });
    await store.setup();
    const calls = Array.from({ length: 20 }, () =>
      store.getExecution("a").then(
        () => "done",
        (error) => error.code,
      ),
    );
    await dataSource.destroy();
    expect(new Set(["done", "STORE_UNAVAILABLE", ...(await Promise.all(calls))]).size).toBe(2);
    await store.close();
  });
});

describe("a pool", () => {
  it("that the application has ended is STORE_CLOSED", async () => {
    const pool = newPool();
    const store = PostgresCheckpointStore.from(pool);
    await store.setup();
    await pool.end();
    await expect(store.getExecution("a")).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });

  it("whose server restarts while it is idle works again with the same store", async () => {
    const pool = newPool();
    const store = PostgresCheckpointStore.from(pool);
    const head = await store.createExecution(newExecution(newId()));
    await server.restart();
    await untilAccepted(() => store.commit(head.id, newCommit(head)));
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
    await pool.end();
  });

  it.each([
    ["a pool", () => newPool({ binary: true } as pg.PoolConfig), (pool: pg.Pool) => pool.end()],
    [
      "a DataSource",
      () => new DataSource({ type: "postgres", url: server.url, extra: { binary: true } }).initialize(),
      (dataSource: DataSource) => dataSource.destroy(),
    ],
  ] as unknown as [string, () => never, (client: never) => Promise<void>][])(
    "with `binary: true` (%s) is refused by the name of the setting",
    async (_what, make, end) => {
      const client = await make();
      const store = PostgresCheckpointStore.from(client);
      for (let i = 0; i < 12; i++) {
        const refusal = await store.setup().catch((error) => error);
        expect(refusal).toMatchObject({ code: "INVALID_ARGUMENT", message: expect.stringContaining("`binary: true`") });
      }
      await end(client);
    },
  );

  it("with `binary: true` of the store's own is refused in the same way", async () => {
    const call = PostgresCheckpointStore.connect({ url: server.url, options: { binary: true } as pg.PoolConfig });
    await expect(call).rejects.toMatchObject({ code: "INVALID_ARGUMENT", details: { argument: "binary" } });
  });
});

describe("a connection that the application has released with a transaction open", () => {
  it("is left unchanged, and the store takes another one", async () => {
    const pool = newPool({ max: 2 });
    const store = PostgresCheckpointStore.from(pool);
    await store.setup();
    const leaked = await pool.connect();
    await leaked.query("BEGIN");
    await leaked.query("CREATE TABLE leak (id int)");
    leaked.release();
    const head = await store.createExecution(newExecution(newId()));
    await store.commit(head.id, newCommit(head));
    await leaked.query("ROLLBACK");
    expect(await store.getExecution(head.id)).toMatchObject({ version: 1 });
    await pool.end();
  });

  it("and no other available is STORE_UNAVAILABLE within timeoutMs, and gets no statement of the store", async () => {
    const pool = newPool({ max: 1 });
    const store = PostgresCheckpointStore.from(pool, { timeoutMs: 300 });
    await store.setup();
    for (const spoil of ["SELECT 1", "SELECT 1 / 0"]) {
      const leaked = await pool.connect();
      await leaked.query("BEGIN");
      await leaked.query(spoil).catch(() => {});
      leaked.release();
      const id = newId();
      await expect(store.createExecution(newExecution(id))).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
        message: expect.stringContaining("transaction"),
      });
      await pool.query("COMMIT");
      expect(await store.getExecution(id)).toBeUndefined();
    }
    await pool.end();
  });

  it("is used once the application has ended its transaction", async () => {
    const pool = newPool({ max: 1 });
    const store = PostgresCheckpointStore.from(pool);
    await store.setup();
    await pool.query("BEGIN");
    const id = newId();
    const created = store.createExecution(newExecution(id));
    await pool.query("ROLLBACK");
    await created;
    await pool.query("ROLLBACK");
    expect(await store.getExecution(id)).toBeDefined();
    await pool.end();
  });
});

describe("the settings of the application on a connection", () => {
  it("stay unchanged, even through migrations, and do not affect the store", async () => {
    const pool = newPool({ max: 1 });
    await pool.query(`
      SET search_path = pg_catalog; SET statement_timeout = 12345; SET lock_timeout = 54321; SET array_nulls = off;
      SET extra_float_digits = -15; SET datestyle = 'German'; SET timezone = 'Asia/Kathmandu';
      PREPARE mine AS SELECT 42 AS answer; CREATE TEMP TABLE executions (id int)`);
    const settings = async () => (await pool.query("SELECT name, setting FROM pg_settings ORDER BY name")).rows;
    const before = await settings();
    const store = PostgresCheckpointStore.from(pool, { schema: "apart" });
    const head = await store.createExecution(newExecution("a"));
    const checkpoint = newCheckpoint({ durationMs: 0.1 + 0.2 });
    await store.commit("a", newCommit(head, { checkpoints: [checkpoint] }));
    expect(await store.readCheckpoints("a", { from: 1 })).toEqual([{ seq: 1, ...checkpoint }]);
    expect(await store.deleteExecutions([{ id: "a" }, { id: "b", version: 1 }])).toBe(1);
    expect(await settings()).toEqual(before);
    expect((await pool.query("EXECUTE mine")).rows).toEqual([{ answer: 42 }]);
    await pool.end();
  });

  it("can be discarded together with prepared statements, and the store continues", async () => {
    const pool = newPool({ max: 1 });
    const store = PostgresCheckpointStore.from(pool);
    const head = await store.createExecution(newExecution(newId()));
    for (const statement of ["DISCARD ALL", "DEALLOCATE ALL"]) {
      await store.getExecution(head.id);
      await pool.query(statement);
      expect(await store.getExecution(head.id)).toEqual({ ...head, readAt: expect.any(Number) });
    }
    await pool.end();
  });
});

describe("the capabilities of a PGlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "waymark-borrowed-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ["no folder", undefined, false],
    ["memory://", "memory://", false],
    ["memory:// with a name", "memory://orders", false],
    ["a folder", folder, true],
    ["a folder as an address", `file://${folder}`, true],
  ])("with %s", async (_what, dataDir, durable) => {
    const pglite = dataDir === undefined ? new PGlite() : new PGlite(dataDir);
    const { capabilities } = PostgresCheckpointStore.from(pglite);
    expect(capabilities).toMatchObject({ durable, multiProcess: false });
    await pglite.close();
  });
});
