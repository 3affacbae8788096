// Compares a commit on MongoDB with a single durable write of the same text on the same server by the bare driver.
//
//   node mongo-commit.ts          uses the server of MONGODB_URL; without it, starts a server with fsync on
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
