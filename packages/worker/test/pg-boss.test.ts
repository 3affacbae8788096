import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll } from "vitest";
import { describeDispatcher } from "./describe-dispatcher.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

let places = 0;

describeDispatcher({
  name: "pgBossDispatcher",
  place: async () => ({ kind: "pg-boss", url: server.url, schema: `queue_${++places}` }),
  lose: async (place) => {
    if (place.kind === "pg-boss") await pool.query(`DELETE FROM ${place.schema}.job`);
  },
  hasTenants: true,
  redeliverAfterMs: 20_000,
});
