// What a commit costs on PostgreSQL, against a prepared INSERT of the same row by bare `pg` on one connection.
//
//   node postgres-commit.ts            a server of its own, with fsync on; or the one of POSTGRES_URL
import { randomUUID } from "node:crypto";
import type { NewCheckpoint } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startOwnPostgres, startPostgres } from "tooling/test-servers";

const ROUNDS = 15;
const ROUND_STEPS = 100;
const IN_FLIGHT = 64;
const INSERT = `INSERT INTO plain (execution_key, seq, checkpoint_id, kind, node_id, node_name, step_number, attempt,
  duration_ms, payload, timestamp_ms, error) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`;

const server = process.env.POSTGRES_URL ? await startPostgres() : await startOwnPostgres({ settings: { fsync: "on" } });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const store = await PostgresCheckpointStore.connect({ url: server.url });
const { rows } = await client.query(
  "SELECT current_setting('fsync') || ', ' || current_setting('synchronous_commit') AS s",
);
console.log(`fsync, synchronous_commit: ${rows[0].s}`);
await client.query("CREATE TABLE plain (LIKE waymark.checkpoints INCLUDING ALL)");

for (const step of [10, 5_000]) await compareAt(step);
await throughput();

await store.close();
await client.end();
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
  const key = step;
  const insertOne = async () => {
    seq += 1;
    const c = newCheckpoint(seq);
    const values = [
      key,
      seq,
      c.id,
      c.kind,
      c.nodeId,
      c.nodeName,
      c.stepNumber,
      c.attempt,
      c.durationMs,
      c.payload,
      c.timestamp,
      null,
    ];
    await client.query({ name: "insert", text: INSERT, values });
  };
  while (version < step) await commitOne();
  while (seq < step) await insertOne();
  const commits: number[] = [];
  const inserts: number[] = [];
  // By turns, so that whatever else the machine does falls on both.
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ROUND_STEPS; i++) inserts.push(await timed(insertOne));
    for (let i = 0; i < ROUND_STEPS; i++) commits.push(await timed(commitOne));
  }
  const [insert, commit] = [median(inserts), median(commits)];
  console.log(
    `step ${step}: INSERT ${insert.toFixed(3)} ms, commit ${commit.toFixed(3)} ms, ratio ${(commit / insert).toFixed(2)} (medians of ${commits.length})`,
  );
}

/** Many executions at once, by one store with its default pool. */
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
