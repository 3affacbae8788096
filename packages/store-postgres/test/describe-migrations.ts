// For schema.test.ts and oldest-server.test.ts: what migrations do on any server.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { isWorkflowError } from "@waymark/core";
import pg from "pg";
import { newExecution } from "tooling/store-fixtures";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { MIGRATION_NAMES } from "../src/schema/migration-names.ts";
import { waymarkDataSourceOptions } from "../src/typeorm/index.ts";

/** Describes the migrations on a server that has nothing else. */
export function describeMigrations(url: string): void {
  const pool = new pg.Pool({ connectionString: url });
  afterAll(() => pool.end());

  const connect = (schema: string, migrate = true) => PostgresCheckpointStore.connect({ url, schema, migrate });

  async function managed(schema: string): Promise<DataSource> {
    return new DataSource({ type: "postgres", url, ...waymarkDataSourceOptions({ schema }) }).initialize();
  }

  describe("migrations", () => {
    it("can be run by ten processes at once", async () => {
      const program = fileURLToPath(new URL("./migrate-once.ts", import.meta.url));
      const children = Array.from({ length: 10 }, () =>
        spawn(process.execPath, [program, url, "raced"], { stdio: ["ignore", "ignore", "inherit"] }),
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
      const application = await new DataSource({ type: "postgres", url: url, entities: [] }).initialize();
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

    it("of a newer version that only add are left alone, and any other is refused by its name", async () => {
      await (await connect("newer")).close();
      const addMigration = (name: string) =>
        pool.query(`INSERT INTO "newer"."migrations" (timestamp, name) VALUES (9, $1)`, [name]);
      await pool.query(`ALTER TABLE "newer"."executions" ADD COLUMN future json`);
      await addMigration("AddFuture9");
      for (const migrate of [true, false]) {
        await using store = await connect("newer", migrate);
        await store.createExecution(newExecution(`a-${migrate}`));
      }
      await addMigration("ChangeFuture9");
      await expect(connect("newer")).rejects.toMatchObject({
        code: "STATE_VERSION_UNSUPPORTED",
        message: expect.stringContaining('("ChangeFuture9")'),
        details: { migrations: ["ChangeFuture9"] },
      });
    });
  });
}
