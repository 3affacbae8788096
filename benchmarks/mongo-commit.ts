// What one commit costs on MongoDB, against the bare driver's single durable write of the same text on the same server.
//
//   node mongo-commit.ts          MONGODB_URL names the server; without it one is started, with fsync
import { MongoCheckpointStore } from "@waymark/store-mongo";
import { MongoClient } from "mongodb";
import { startMongo, startOwnMongo } from "tooling/test-servers";
import { type Floor, measureCommits } from "./commit-cost.ts";

const ROUNDS = 7;

const server = process.env.MONGODB_URL ? await startMongo() : await startOwnMongo({ fsync: true });
const client = await new MongoClient(server.url, { writeConcern: { w: "majority", journal: true } }).connect();
const store = await MongoCheckpointStore.connect({ url: server.url });
const bare = client.db().collection<{ _id: string; payload: string }>("bare");

const floor: Floor = { name: "insertOne", write: ({ id, payload }) => bare.insertOne({ _id: id, payload }) };
await measureCommits(store, floor, ROUNDS);

await store.close();
await client.close();
await server.stop();
