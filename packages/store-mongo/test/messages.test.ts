import { MongoClient } from "mongodb";
import { itNamesWrongFirstCalls } from "tooling/store-checks";
import { expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

itNamesWrongFirstCalls(MongoCheckpointStore, [
  [{ dbName: "app" }, 'did you mean "database"?'],
  [{ connectionString: "mongodb://localhost" }, 'did you mean "url"?'],
]);

it.each([
  ["a Db", new MongoClient("mongodb://localhost").db("app"), 'from(client, { database: "app" })'],
  ["a connection of Mongoose", { getClient: () => undefined, db: undefined }, "from(connection.getClient())"],
])("from() of %s names what to write", (_what, client, cure) => {
  expect(() => MongoCheckpointStore.from(client as never)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(cure) }),
  );
});
