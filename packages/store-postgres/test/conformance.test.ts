import { describeCheckpointStore } from "@waymark/core/conformance";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { tableNames } from "../src/sql/table-names.ts";
import { emptiedPlaces } from "./emptied-places.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

for (const [name, location] of [
  ["schemas of their own", (number: number) => ({ schema: `case_${number}` })],
  ["prefixes in one schema", (number: number) => ({ schema: "shared", tablePrefix: `p${number}_` })],
] as const) {
  describe(name, () => {
    const places = emptiedPlaces((sql) => pool.query(sql), location);
    describeCheckpointStore(
      { describe, it },
      {
        name: "PostgresCheckpointStore",
        capabilities: PostgresCheckpointStore.capabilities,
        agesDefinitions: true,
        open: async () => {
          const place = places.take();
          const options = { url: server.url, poolSize: 4, ...place };
          const store = await PostgresCheckpointStore.connect(options);
          const { definitions } = tableNames(options);
          return {
            store,
            reopen: () => PostgresCheckpointStore.connect(options),
            ageDefinitions: async (ms) => {
              await pool.query(`UPDATE ${definitions} SET saved_at_ms = saved_at_ms - $1::bigint`, [ms]);
            },
            close: async () => {
              await store.close();
              await places.giveBack(place);
            },
          };
        },
      },
    );
  });
}
