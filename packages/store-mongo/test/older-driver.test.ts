import { MongoClient } from "mongodb";
import { expect, it } from "vitest";

it('the tests of the projects "older" and "last" run on mongodb 6', async () => {
  expect(MongoClient).toBe((await import(process.env.OLDER_MONGODB ?? "")).MongoClient);
});
