import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startOwnPostgres } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll } from "vitest";
import { pgBossDispatcher } from "../src/pg-boss/index.ts";
import { describeTransactions } from "./describe-transactions.ts";
import { onConnection, onEntityManager } from "./transactions.ts";

const server = await startOwnPostgres();
const root = new pg.Pool({ connectionString: server.url });
const ends: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of ends) await end();
  await root.end();
  await server.stop();
});

let databases = 0;

async function newDatabase(): Promise<{ url: string; pool: pg.Pool }> {
  const name = `orders_${++databases}`;
  await root.query(`CREATE DATABASE ${name}`);
  const url = server.url.replace(/[^/]*$/, name);
  const pool = new pg.Pool({ connectionString: url });
  ends.push(() => pool.end());
  await pool.query("CREATE TABLE orders (id text PRIMARY KEY)");
  return { url, pool };
}

async function queueAndStore({ url, pool }: { url: string; pool: pg.Pool }) {
  const store = PostgresCheckpointStore.from(pool);
  await store.setup();
  const dispatcher = pgBossDispatcher({ url, schema: "queue", onError: () => undefined });
  await dispatcher.setup();
  return { store, dispatcher, query: (sql: string) => pool.query(sql) };
}

describeTransactions("a connection of pg", async () => {
  const database = await newDatabase();
  return { ...(await queueAndStore(database)), begin: onConnection(database.pool) };
});

describeTransactions("a TypeORM EntityManager", async () => {
  const database = await newDatabase();
  const dataSource = await new DataSource({ type: "postgres", url: database.url }).initialize();
  ends.unshift(() => dataSource.destroy());
  return { ...(await queueAndStore(database)), begin: onEntityManager(dataSource) };
});
