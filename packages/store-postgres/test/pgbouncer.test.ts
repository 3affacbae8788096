import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnPostgres, startPgBouncer } from "tooling/test-servers";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

const server = await startOwnPostgres();
const bouncer = await startPgBouncer(server.url);
afterAll(async () => {
  await bouncer.stop();
  await server.stop();
});

describe("behind PgBouncer in transaction mode", () => {
  it.each([
    ["with prepare: false", false],
    ["with prepare forgotten", true],
  ])("executions run side by side, %s", async (_name, prepare) => {
    const store = await PostgresCheckpointStore.connect({
      url: bouncer.url,
      directUrl: server.url,
      schema: prepare ? "forgotten" : "unprepared",
      prepare,
    });
    await Promise.all(
      Array.from({ length: 16 }, async (_, number) => {
        const { id, token } = await store.createExecution(newExecution(`e${number}`));
        for (let version = 0; version < 20; version++) await store.commit(id, newCommit({ token, version }));
        expect(await store.readCheckpoints(id)).toHaveLength(21);
      }),
    );
    await store.close();
  });

  it("migrates through it too", async () => {
    const options = { url: bouncer.url, schema: "through", prepare: false };
    const stores = await Promise.all(Array.from({ length: 4 }, () => PostgresCheckpointStore.connect(options)));
    await Promise.all(stores.map((store) => store.close()));
  });
});
