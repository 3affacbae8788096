import { MongoClient } from "mongodb";
import { MongoClient as Older } from "mongodb-6";
import { expect, it } from "vitest";

it('the tests of the project "older" run on mongodb 6', () => {
  expect(MongoClient).toBe(Older);
});
