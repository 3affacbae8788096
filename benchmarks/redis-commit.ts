// What a commit costs on Redis, against an RPUSH of the same row by bare ioredis on one connection.
//
//   node redis-commit.ts            a server of its own, with appendfsync always; or the one of REDIS_URL
import { randomUUID } from "node:crypto";
import type { NewCheckpoint } from "@waymark/core";
import { RedisCheckpointStore } from "@waymark/store-redis";
import { Redis } from "ioredis";
import { startRedis } from "tooling/test-servers";

const ROUNDS = 20;
const ROUND_STEPS = 100;
const IN_FLIGHT = 64;

const server = await startRedis();
const client = new Redis(server.url);
const keyPrefix = `waymark-benchmark:${randomUUID()}:`;
const store = await RedisCheckpointStore.connect({ url: server.url, keyPrefix });
console.log(`durable: ${store.capabilities.durable}`);

for (const step of [10, 5_000]) await compareAt(step);
await throughput();

await store.close();
client.disconnect();
await server.stop();

/** One execution, one step after the other, from the step given on. */
async function compareAt(step: number): Promise<void> {
  const { id, token } = await newExecution();
  let version = 0;
  const commitOne = async () => {
    const checkpoint = newCheckpoint(version + 1);
    await store.commit(id, {
      commitId: randomUUID(),
      token,
      version,
      checkpoints: [checkpoint],
      head: { currentStep: version + 1 },
    });
    version += 1;
  };
  let seq = 0;
  const key = `${keyPrefix}plain:${step}`;
  const pushOne = async () => {
    seq += 1;
    const { payload, ...header } = newCheckpoint(seq);
    await client.rpush(key, `${JSON.stringify(header)}\n${payload}`);
  };
  while (version < step) await commitOne();
  while (seq < step) await pushOne();
  const commits: number[] = [];
  const pushes: number[] = [];
  // By turns, so that whatever else the machine does falls on both.
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ROUND_STEPS; i++) pushes.push(await timed(pushOne));
    for (let i = 0; i < ROUND_STEPS; i++) commits.push(await timed(commitOne));
  }
  const [push, commit] = [median(pushes), median(commits)];
  console.log(
    `step ${step}: RPUSH ${push.toFixed(3)} ms, commit ${commit.toFixed(3)} ms, ratio ${(commit / push).toFixed(2)} (medians of ${commits.length})`,
  );
}

/** Many executions at once, by one store on its one connection. */
async function throughput(): Promise<void> {
  const heads = await Promise.all(Array.from({ length: IN_FLIGHT }, newExecution));
  const steps = 200;
  const begin = performance.now();
  await Promise.all(
    heads.map(async ({ id, token }) => {
      for (let version = 0; version < steps; version++) {
        const checkpoint = newCheckpoint(version + 1);
        await store.commit(id, {
          commitId: randomUUID(),
          token,
          version,
          checkpoints: [checkpoint],
          head: { currentStep: version + 1 },
        });
      }
    }),
  );
  const perSecond = (IN_FLIGHT * steps * 1_000) / (performance.now() - begin);
  console.log(`${IN_FLIGHT} executions in flight: ${Math.round(perSecond)} commits/s`);
}

function newExecution() {
  return store.createExecution({
    id: randomUUID(),
    workflowId: "benchmark",
    userId: "user",
    status: "running",
    currentStep: 0,
    totalSteps: 10_000,
    owner: "benchmark",
    leaseMs: 3_600_000,
    checkpoint: { ...newCheckpoint(0), kind: "snapshot" },
  });
}

function newCheckpoint(step: number): NewCheckpoint {
  return {
    id: randomUUID(),
    kind: "delta",
    nodeId: `node-${step}`,
    nodeName: "Fetch",
    visit: 1,
    stepNumber: step,
    attempt: 1,
    durationMs: 1.25,
    payload: JSON.stringify({ v: 1, ops: [["set", ["results", step], { ok: true, body: "x".repeat(120) }]] }),
    timestamp: Date.now(),
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
