import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startPostgres } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url, max: 2 });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

it("a pool can be shared with Prisma's adapter, in whatever order the two work and close", async () => {
  const adapter = await new PrismaPg(pool).connect();
  const store = PostgresCheckpointStore.from(pool, { schema: "beside_prisma" });
  const ask = async () => {
    const { rows } = await adapter.queryRaw({ sql: "SELECT $1::int8 AS total", args: [5], argTypes: [] });
    return rows;
  };
  const head = await store.createExecution(newExecution("a"));

  const transaction = await adapter.startTransaction();
  await transaction.executeRaw({ sql: "CREATE TABLE orders (id text)", args: [], argTypes: [] });
  // Prisma's transaction holds one of the two connections.
  const [rows] = await Promise.all([ask(), store.commit("a", newCommit(head)), store.listExecutions()]);
  expect(rows).toEqual([["5"]]);
  await transaction.rollback();

  await adapter.dispose();
  expect(await store.getExecution("a")).toMatchObject({ version: 1 });
  await store.close();
  expect((await pool.query("SELECT to_regclass('orders') AS found")).rows).toEqual([{ found: null }]);
});
