import { describeCheckpointStore } from "@waymark/core/conformance";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { type TableLocation, tableNames } from "../src/sql/table-names.ts";
import { emptiedPlaces } from "./emptied-places.ts";

/** Declares the conformance suite for stores whose tables are at a place. `place` names another one for each number. */
export async function describeConformance(name: string, place: (number: number) => TableLocation): Promise<void> {
  const server = await startPostgres();
  const pool = new pg.Pool({ connectionString: server.url });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  const places = emptiedPlaces((sql) => pool.query(sql), place);
  describeCheckpointStore(
    { describe, it },
    {
      name,
      capabilities: PostgresCheckpointStore.capabilities,
      agesDefinitions: true,
      open: async () => {
        const location = places.take();
        const options = { url: server.url, poolSize: 4, ...location };
        const store = await PostgresCheckpointStore.connect(options);
        const { definitions } = tableNames(location);
        return {
          store,
          reopen: () => PostgresCheckpointStore.connect(options),
          ageDefinitions: async (ms) => {
            await pool.query(`UPDATE ${definitions} SET saved_at_ms = saved_at_ms - $1::bigint`, [ms]);
          },
          close: async () => {
            await store.close();
            await places.giveBack(location);
          },
        };
      },
    },
  );
}
