import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { describeStoredData, FORMATS, fixtureText } from "tooling/fixtures";
import { preparePGlite, startPostgres } from "tooling/test-servers";
import { beforeAll, describe } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

for (const format of FORMATS) {
  const sql = fixtureText(format, "postgres.sql");

  describe("on a server", () => {
    let store: PostgresCheckpointStore;
    beforeAll(async () => {
      const server = await startPostgres();
      const client = new pg.Client({ connectionString: server.url });
      await client.connect();
      await client.query(sql);
      await client.end();
      store = await PostgresCheckpointStore.connect({ url: server.url });
      return async () => {
        await store.close();
        await server.stop();
      };
    });
    describeStoredData({ format, database: "postgres", store: () => store });
  });

  describe("in PGlite", () => {
    let store: PostgresCheckpointStore;
    beforeAll(async () => {
      const dataDir = mkdtempSync(join(tmpdir(), "waymark-stored-data-"));
      const pglite = await PGlite.create(await preparePGlite(dataDir));
      await pglite.exec(sql);
      await pglite.close();
      store = await PostgresCheckpointStore.connect({ dataDir });
      return async () => {
        await store.close();
        rmSync(dataDir, { recursive: true });
      };
    });
    describeStoredData({ format, database: "postgres", store: () => store });
  });
}
