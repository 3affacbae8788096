// Compares a whole step of the engine on PostgreSQL, commit included, with a prepared INSERT of the same row by bare
// `pg` on one connection. Measures early and late in an execution, in turns, so that other work of the machine affects
// both.
//
//   node postgres-engine.ts            uses the server of POSTGRES_URL; without it, starts a server with fsync on
import { randomUUID } from "node:crypto";
import { createWorkflowEngine, type NodeExecutor } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import pg from "pg";
import { startOwnPostgres, startPostgres } from "tooling/test-servers";

const LENGTH = 5_060;
const WINDOWS = [
  { from: 10, to: 110 },
  { from: 4_950, to: 5_050 },
];
const EXECUTIONS = 5;
const TARGET = 1.4;
const INSERT = `INSERT INTO plain (execution_key, seq, checkpoint_id, kind, node_id, node_name, step_number, attempt,
  duration_ms, payload, timestamp_ms) VALUES ($1, $2, $3, 'delta', $4, 'default', $5, 1, 0.1, $6, $7)`;

const server = process.env.POSTGRES_URL ? await startPostgres() : await startOwnPostgres({ settings: { fsync: "on" } });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const store = await PostgresCheckpointStore.connect({ url: server.url });
await client.query("CREATE TABLE plain (LIKE waymark.checkpoints INCLUDING ALL)");

let executionKey = 0;
const steps: number[][] = WINDOWS.map(() => []);
const floors: number[][] = WINDOWS.map(() => []);
const nodes = Array.from({ length: LENGTH }, (_, index) => ({ id: `n${index}` }));
const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }));
let lastMs = 0;

const step: NodeExecutor = async ({ context, node }) => {
  const index = Number(node.id.slice(1));
  const window = WINDOWS.findIndex(({ from, to }) => index >= from && index < to);
  if (window !== -1) {
    // Measures the step before this one, from its node's return to this node's start. The INSERT that follows is not
    // part of that time.
    steps[window]?.push(performance.now() - lastMs);
    floors[window]?.push(await timeInsert(index, node.id));
  }
  lastMs = performance.now();
  return { ...context, [`key${index % 100}`]: "x".repeat(100) };
};

const engine = createWorkflowEngine({ store, workflows: [{ id: "w", nodes, edges }], executors: { default: step } });
for (let execution = 0; execution < EXECUTIONS; execution++) {
  executionKey++;
  const { success, error } = await engine.executeWorkflow({ workflowId: "w", userId: "u1" });
  if (!success) throw new Error(error);
  console.log(`execution ${execution + 1} of ${EXECUTIONS} done`);
}

console.log("\nms per step (median)      INSERT   engine   ratio");
for (const [index, { from }] of WINDOWS.entries()) {
  const [floorMs, stepMs] = [median(floors[index] ?? []), median(steps[index] ?? [])];
  const figures = [
    floorMs.toFixed(3).padStart(7),
    stepMs.toFixed(3).padStart(8),
    (stepMs / floorMs).toFixed(2).padStart(7),
  ];
  console.log(`from step ${String(from).padEnd(14)} ${figures.join(" ")}   (target: at most ${TARGET})`);
}
await store.close();
await client.end();
await server.stop();

async function timeInsert(seq: number, nodeId: string): Promise<number> {
  const payload = `[1,["set",["key${seq % 100}"],"${"x".repeat(100)}"]]`;
  const values = [executionKey, seq, randomUUID(), nodeId, seq, payload, Date.now()];
  const begin = performance.now();
  await client.query({ name: "insert", text: INSERT, values });
  return performance.now() - begin;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
