import mongoose from "mongoose";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const connection = await mongoose.createConnection(server.url, { dbName: "mongoose" }).asPromise();
afterAll(async () => {
  await connection.close();
  await server.stop();
});

it("works on the client of a Mongoose connection, and leaves it connected", async () => {
  const Order = connection.model("Order", new mongoose.Schema({ total: Number }));
  const store = MongoCheckpointStore.from(connection.getClient(), { database: "mongoose" });
  const head = await store.createExecution(newExecution("a"));
  await Promise.all([Order.create({ total: 5 }), store.commit("a", newCommit(head))]);
  expect(await store.getExecution("a")).toMatchObject({ version: 1 });
  expect(await store.readCheckpoints("a")).toHaveLength(2);
  await store.close();
  expect(await Order.findOne()).toMatchObject({ total: 5 });
});
