import { MongoClient } from "mongodb";
import { describeStoredData, FORMATS, loadMongo } from "tooling/fixtures";
import { startMongo } from "tooling/test-servers";
import { beforeAll, describe } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

for (const format of FORMATS) {
  describe("on a server", () => {
    let store: MongoCheckpointStore;
    beforeAll(async () => {
      const server = await startMongo();
      const client = await new MongoClient(server.url).connect();
      const database = `waymark_${format.replaceAll("-", "_")}`;
      await client.db(database).dropDatabase();
      await loadMongo(client.db(database), format);
      await client.close();
      store = await MongoCheckpointStore.connect({ url: server.url, database });
      return async () => {
        await store.close();
        await server.stop();
      };
    });
    describeStoredData({ format, database: "mongo", store: () => store });
  });
}
