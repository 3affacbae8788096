import { randomUUID } from "node:crypto";
import { describeCheckpointStore } from "@waymark/core/conformance";
import pg from "pg";
import { startPostgres } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { tableNames } from "../src/sql/table-names.ts";

const server = await startPostgres();
const pool = new pg.Pool({ connectionString: server.url });
afterAll(async () => {
  await pool.end();
  await server.stop();
});

for (const [name, location] of [
  ["a schema per case", () => ({ schema: `case_${randomUUID().replaceAll("-", "")}` })],
  ["a prefix per case in one schema", () => ({ schema: "shared", tablePrefix: `p${randomUUID().slice(0, 8)}_` })],
] as const) {
  describe(name, () => {
    describeCheckpointStore(
      { describe, it },
      {
        name: "PostgresCheckpointStore",
        capabilities: PostgresCheckpointStore.capabilities,
        agesDefinitions: true,
        open: async () => {
          const options = { url: server.url, poolSize: 4, ...location() };
          const store = await PostgresCheckpointStore.connect(options);
          const { definitions } = tableNames(options);
          return {
            store,
            reopen: () => PostgresCheckpointStore.connect(options),
            ageDefinitions: async (ms) => {
              await pool.query(`UPDATE ${definitions} SET saved_at_ms = saved_at_ms - $1::bigint`, [ms]);
            },
            close: () => store.close(),
          };
        },
      },
    );
  });
}
