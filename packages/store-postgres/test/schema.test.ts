import pg from "pg";
import { newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { waymarkEntities } from "../src/typeorm/index.ts";
import { describeMigrations } from "./describe-migrations.ts";

const server = await startPostgres();
afterAll(() => server.stop());
const pool = new pg.Pool({ connectionString: server.url });
afterAll(() => pool.end());

describeMigrations(server.url);

describe("opening", () => {
  it("works with a DataSource and a pool of the application, and leaves them open", async () => {
    const dataSource = await new DataSource({ type: "postgres", url: server.url }).initialize();
    for (const client of [dataSource, pool]) {
      const store = PostgresCheckpointStore.from(client, { schema: "borrowed" });
      const id = client === pool ? "pool" : "dataSource";
      await store.createExecution(newExecution(id));
      await store.close();
      await expect(store.getExecution(id)).rejects.toMatchObject({ code: "STORE_CLOSED" });
    }
    expect(await dataSource.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    await dataSource.destroy();
  });

  it("ignores parsers that the application has registered, and its search_path", async () => {
    const types = { getTypeParser: () => () => "parsed" } as never;
    const own = new pg.Pool({ connectionString: server.url, types, options: "-c search_path=pg_catalog" });
    const store = PostgresCheckpointStore.from(own, { schema: "parsers" });
    const created = await store.createExecution(newExecution("a", { wakeAt: 5 }));
    expect(created).toMatchObject({ id: "a", version: 0, wakeAt: 5 });
    await own.end();
  });

  it("lets TypeORM read the tables", async () => {
    await using store = await PostgresCheckpointStore.connect({ url: server.url, schema: "entities" });
    const { readAt: _readAt, ...created } = await store.createExecution(newExecution("a"));
    const { Execution, Checkpoint } = waymarkEntities({ schema: "entities" });
    const dataSource = await new DataSource({
      type: "postgres",
      url: server.url,
      entities: [Execution, Checkpoint],
    }).initialize();
    const execution = await dataSource.getRepository(Execution).findOneByOrFail({ id: "a" });
    expect(execution).toMatchObject({ ...created, failure: null });
    const records = await dataSource.getRepository(Checkpoint).findBy({ executionKey: execution.key });
    expect(records).toMatchObject([{ seq: 0, kind: "snapshot", payload: "{}" }]);
    await dataSource.destroy();
  });

  it.each([
    [{ url: "mysql://localhost" }, "url"],
    [{}, "url"],
    [{ url: "postgres://u:secret@h:99999/d" }, "url"],
    [{ url: "postgres://h", schema: 'x"; DROP' }, "schema"],
    [{ url: "postgres://h", tablePrefix: "x".repeat(40) }, "tablePrefix"],
    [{ url: "postgres://h", poolSize: 0 }, "poolSize"],
    [{ url: "postgres://h", timeoutMs: -1 }, "timeoutMs"],
    [{ url: "postgres://h", dataDir: "x" }, "url"],
    [{ dataDir: "" }, "dataDir"],
    [{ url: "postgres://h", poolsize: 1 }, "poolsize"],
    [{ dataDir: "x", poolSize: 1 }, "poolSize"],
    [{ dataDir: "x\u0000" }, "dataDir"],
    [{ url: "postgres://h", timeoutMs: 2 ** 31 }, "timeoutMs"],
    [{ url: "postgres://h", migrate: null }, "migrate"],
    [{ url: "postgres://h", options: [] }, "options"],
    [{ url: undefined, dataDir: undefined }, "url"],
    [null, "options"],
    ["postgres://h", "options"],
  ])("refuses %j", async (options, argument) => {
    await expect(PostgresCheckpointStore.connect(options as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument },
    });
  });

  it.each<[unknown, string]>([
    [{ timeoutms: 1 }, "timeoutms"],
    [{ url: "postgres://h" }, "url"],
    [{ "a\nb": 1 }, "a\nb"],
    [null, "options"],
    [[], "options"],
  ])("refuses the options %j for a borrowed client", (options, argument) => {
    expect(() => PostgresCheckpointStore.from(pool, options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", details: { argument } }),
    );
  });

  it("treats an option that is `undefined` as absent", async () => {
    const none = { schema: undefined, tablePrefix: undefined, migrate: undefined, prepare: undefined };
    const options = { ...none, timeoutMs: undefined, poolSize: undefined, directUrl: undefined, dataDir: undefined };
    const inner = { max: undefined, application_name: undefined, connectionTimeoutMillis: undefined };
    const given = { url: server.url, ...options, options: inner } as never;
    await using store = await PostgresCheckpointStore.connect(given);
    await Promise.all(Array.from({ length: 20 }, () => store.listExecutions()));
    const { rows } = await pool.query("SELECT FROM pg_stat_activity WHERE application_name = 'waymark'");
    expect(rows.length).toBeGreaterThan(0);
    await using _memory = await PostgresCheckpointStore.connect({ url: undefined, dataDir: "memory://" } as never);
    const borrowed = PostgresCheckpointStore.from(pool, { ...none, timeoutMs: undefined } as never);
    expect(await borrowed.getExecution("a")).toBeUndefined();
  });

  it("refuses a client that is no connection to PostgreSQL", () => {
    const refuse = (client: unknown) => () => PostgresCheckpointStore.from(client as never);
    const isInvalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(refuse(undefined)).toThrow(isInvalid);
    expect(refuse({})).toThrow(isInvalid);
    expect(refuse(new pg.Client())).toThrow(isInvalid);
    expect(refuse(new DataSource({ type: "postgres", url: server.url }))).toThrow(isInvalid);
  });
});
