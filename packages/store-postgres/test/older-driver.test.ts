import { describeCheckpointStore } from "@waymark/core/conformance";
import { startPostgres } from "tooling/test-servers";
import { DataSource } from "typeorm";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { emptiedPlaces } from "./emptied-places.ts";

const server = await startPostgres();
const dataSource = await new DataSource({ type: "postgres", url: server.url, poolSize: 4 }).initialize();
afterAll(async () => {
  await dataSource.destroy();
  await server.stop();
});

it('the tests of the projects "older" and "last" run on TypeORM 0.3', async () => {
  expect(DataSource).toBe((await import(process.env.OLDER_TYPEORM ?? "")).DataSource);
});

const places = emptiedPlaces(
  (sql) => dataSource.query(sql),
  (number) => ({ schema: `case_${number}` }),
);

describeCheckpointStore(
  { describe, it },
  {
    name: "PostgresCheckpointStore on a DataSource",
    capabilities: PostgresCheckpointStore.capabilities,
    open: async () => {
      const place = places.take();
      const open = async () => {
        const store = PostgresCheckpointStore.from(dataSource, place);
        await store.setup();
        return store;
      };
      const store = await open();
      const close = async () => {
        await store.close();
        await places.giveBack(place);
      };
      return { store, reopen: open, close };
    },
  },
);
