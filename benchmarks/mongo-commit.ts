// What one commit costs on MongoDB, against the bare driver's single durable write of the same text on the same server.
//
//   node mongo-commit.ts          MONGODB_URL names the server; without it one is started, with fsync
import { randomUUID } from "node:crypto";
import { MongoCheckpointStore } from "@waymark/store-mongo";
import { MongoClient } from "mongodb";
import { startMongo, startOwnMongo } from "tooling/test-servers";

const PAYLOAD = JSON.stringify({ v: 1, set: { "orders.17.total": 12.5, note: "x".repeat(200) } });
const STEPS = [10, 5_000];
const ROUNDS = 7;
const PER_ROUND = 100;

const server = process.env.MONGODB_URL ? await startMongo() : await startOwnMongo({ fsync: true });
const client = await new MongoClient(server.url, { writeConcern: { w: "majority", journal: true } }).connect();
const store = await MongoCheckpointStore.connect({ url: server.url });
const bare = client.db().collection<{ _id: string; payload: string }>("bare");

const { token } = await store.createExecution({
  id: "bench",
  workflowId: "w",
  userId: "u",
  status: "running",
  currentStep: 0,
  totalSteps: 10_000,
  owner: "o",
  leaseMs: 600_000,
  checkpoint: checkpoint("snapshot", 0),
});
let version = 0;
for (const step of STEPS) {
  while (version < step) await commit();
  const [commits, inserts]: [number[], number[]] = [[], []];
  // In turn, so that what else the machine does hits both alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < PER_ROUND; i++) {
      inserts.push(await timed(() => bare.insertOne({ _id: randomUUID(), payload: PAYLOAD })));
      commits.push(await timed(commit));
    }
  }
  const [commitMs, insertMs] = [median(commits), median(inserts)];
  console.log(
    `step ${step}: commit ${commitMs.toFixed(3)} ms, bare insertOne ${insertMs.toFixed(3)} ms, ratio ${(commitMs / insertMs).toFixed(2)}`,
  );
}
await store.close();
await client.close();
await server.stop();

async function commit(): Promise<void> {
  const request = { commitId: randomUUID(), token, version, checkpoints: [checkpoint("delta", version + 1)] };
  await store.commit("bench", { ...request, head: { currentStep: version + 1 }, leaseMs: 600_000 });
  version += 1;
}

function checkpoint(kind: "snapshot" | "delta", stepNumber: number) {
  const node = { nodeId: "n1", nodeName: "Node 1", visit: 1, attempt: 1, durationMs: 1.5 };
  return { id: randomUUID(), kind, stepNumber, payload: PAYLOAD, timestamp: 1_700_000_000_000, ...node };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
