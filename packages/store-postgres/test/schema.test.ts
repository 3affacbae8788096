import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isWorkflowError } from "@waymark/core";
import pg from "pg";
import { newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { MIGRATION_NAMES } from "../src/migration-names.ts";
import { waymarkDataSourceOptions, waymarkEntities } from "../src/typeorm/index.ts";

const server = await startPostgres();
afterAll(() => server.stop());
const pool = new pg.Pool({ connectionString: server.url });
afterAll(() => pool.end());

const connect = (schema: string, migrate = true) =>
  PostgresCheckpointStore.connect({ url: server.url, schema, migrate });

async function managed(schema: string): Promise<DataSource> {
  return new DataSource({ type: "postgres", url: server.url, ...waymarkDataSourceOptions({ schema }) }).initialize();
}

describe("migrations", () => {
  it("can be run by ten processes at once", async () => {
    const program = fileURLToPath(new URL("./migrate-once.ts", import.meta.url));
    const children = Array.from({ length: 10 }, () =>
      spawn(process.execPath, [program, server.url, "raced"], { stdio: ["ignore", "ignore", "inherit"] }),
    );
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    expect(codes).toEqual(Array(10).fill(0));
    const { rows } = await pool.query('SELECT name FROM "raced"."migrations"');
    expect(rows).toHaveLength(MIGRATION_NAMES.length);
  });

  it("make the tables that the entities describe", async () => {
    await (await connect("drift")).close();
    const dataSource = await managed("drift");
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    await dataSource.destroy();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it("leave nothing in an application's own schema", async () => {
    await (await connect("apart")).close();
    const application = await new DataSource({ type: "postgres", url: server.url, entities: [] }).initialize();
    const { upQueries } = await application.driver.createSchemaBuilder().log();
    await application.destroy();
    expect(upQueries).toEqual([]);
    const { rows } = await pool.query("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace");
    expect(rows).toEqual([]);
  });

  it("can be undone, and done again", async () => {
    await (await connect("undone")).close();
    const dataSource = await managed("undone");
    for (const _name of MIGRATION_NAMES) await dataSource.undoLastMigration({ transaction: "all" });
    await dataSource.destroy();
    const { rows } = await pool.query("SELECT relname FROM pg_class WHERE relnamespace = 'undone'::regnamespace");
    expect(
      rows.map(({ relname }) => relname).filter((name) => !name.includes("migrations") && !/^PK_/.test(name)),
    ).toEqual([]);
    await using store = await connect("undone");
    await store.createExecution(newExecution("a"));
  });

  it("are named where they are missing and not wanted", async () => {
    const refusal = await connect("unmigrated", false).catch((error) => error);
    expect(isWorkflowError(refusal, "STORE_UNAVAILABLE")).toBe(true);
    expect(refusal.message).toContain("CreateTables");
    const { rows } = await pool.query("SELECT to_regnamespace('unmigrated') AS found");
    expect(rows[0].found).toBeNull();
  });

  it("of a newer version are refused", async () => {
    await (await connect("newer")).close();
    await pool.query(`INSERT INTO "newer"."migrations" (timestamp, name) VALUES (9, 'FromTheFuture9')`);
    await expect(connect("newer")).rejects.toMatchObject({
      code: "STATE_VERSION_UNSUPPORTED",
      message: expect.stringContaining("FromTheFuture9"),
    });
  });
});

describe("opening", () => {
  it("works with a DataSource and a pool of the application's, and leaves them open", async () => {
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

  it("takes no notice of parsers that the application has registered, nor of its search_path", async () => {
    const types = { getTypeParser: () => () => "parsed" } as never;
    const own = new pg.Pool({ connectionString: server.url, types, options: "-c search_path=pg_catalog" });
    const store = PostgresCheckpointStore.from(own, { schema: "parsers" });
    const created = await store.createExecution(newExecution("a", { wakeAt: 5 }));
    expect(created).toMatchObject({ id: "a", version: 0, wakeAt: 5 });
    await own.end();
  });

  it("lets TypeORM read along", async () => {
    await using store = await connect("entities");
    const created = await store.createExecution(newExecution("a"));
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
    [{ url: "postgres://h", schema: 'x"; DROP' }, "schema"],
    [{ url: "postgres://h", tablePrefix: "x".repeat(40) }, "tablePrefix"],
    [{ url: "postgres://h", poolSize: 0 }, "poolSize"],
    [{ url: "postgres://h", timeoutMs: -1 }, "timeoutMs"],
    [{ url: "postgres://h", dataDir: "x" }, "url"],
    [{ dataDir: "" }, "dataDir"],
    [{ url: "postgres://h", poolsize: 1 }, "poolsize"],
  ])("refuses %j", async (options, argument) => {
    await expect(PostgresCheckpointStore.connect(options as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { argument },
    });
  });

  it("refuses to borrow what is no connection to PostgreSQL", () => {
    const refuse = (client: unknown) => () => PostgresCheckpointStore.from(client as never);
    const isInvalid = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(refuse(undefined)).toThrow(isInvalid);
    expect(refuse({})).toThrow(isInvalid);
    expect(refuse(new pg.Client())).toThrow(isInvalid);
    expect(refuse(new DataSource({ type: "postgres", url: server.url }))).toThrow(isInvalid);
  });
});
