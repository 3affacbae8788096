// Imports old rows of 20 checkpoints into PostgreSQL, kills the process half-way, and imports again.
//
//   node import-rows.ts [rows]       uses the server of POSTGRES_URL; without it, starts a server with fsync on
import { fork } from "node:child_process";
import { once } from "node:events";
import { createWorkflowEngine } from "@waymark/core";
import { type ImportRow, importExecutionOutputs } from "@waymark/core/migration";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { startOwnPostgres, startPostgres } from "tooling/test-servers";

const CHECKPOINTS = 20;
const rows = Number(process.argv[2] ?? 20_000);
const url = process.argv[3];
await (url === undefined ? supervise() : importRows(url));

async function supervise(): Promise<void> {
  const server = process.env.POSTGRES_URL
    ? await startPostgres()
    : await startOwnPostgres({ settings: { fsync: "on" } });
  const start = () => fork(import.meta.filename, [String(rows), server.url], { execArgv: ["--expose-gc"] });
  console.log(`${rows} rows of ${CHECKPOINTS} checkpoints, on ${server.name}`);
  const first = start();
  first.on("message", (read) => {
    if (Number(read) >= rows / 2) first.kill("SIGKILL");
  });
  await once(first, "exit");
  console.log("killed half-way; once more");
  await once(start(), "exit");
  await judge(server.url);
  await server.stop();
}

async function importRows(address: string): Promise<void> {
  await using store = await PostgresCheckpointStore.connect({ url: address });
  const beganMs = performance.now();
  let lastMs = beganMs;
  let lastRead = 0;
  const report = await importExecutionOutputs(oldRows(), {
    engine: createWorkflowEngine({ store, workflows: [], executors: {} }),
    onProgress: ({ read }) => {
      process.send?.(read);
      if (read - lastRead < rows / 10) return;
      const nowMs = performance.now();
      globalThis.gc?.();
      const heap = (process.memoryUsage().heapUsed / 1024 / 1024).toFixed(1);
      const rate = Math.round((1_000 * (read - lastRead)) / (nowMs - lastMs));
      console.log(`${String(read).padStart(9)} rows  ${String(rate).padStart(6)} rows/s  heap ${heap.padStart(6)} MiB`);
      lastMs = performance.now();
      lastRead = read;
    },
  });
  const seconds = (performance.now() - beganMs) / 1_000;
  const { imported, skipped, replaced, refused } = report;
  console.log(`imported ${imported}, there already ${skipped}, replaced ${replaced}, left out ${refused}`);
  console.log(
    `${Math.round(report.read / seconds)} rows/s, ${Math.round((imported * CHECKPOINTS) / seconds)} checkpoints/s`,
  );
}

/** Checks that every row is there once and as a whole. */
async function judge(address: string): Promise<void> {
  await using store = await PostgresCheckpointStore.connect({ url: address });
  let whole = 0;
  let others = 0;
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    for (const { status, checkpointsCount } of page.items) {
      if (status === "completed" && checkpointsCount === CHECKPOINTS) whole += 1;
      else others += 1;
    }
    cursor = page.nextCursor;
    if (cursor === undefined) break;
  }
  console.log(`in the store: ${whole} whole, ${others} others`);
  process.exitCode = whole === rows && others === 0 ? 0 : 1;
}

function* oldRows(): Generator<ImportRow> {
  for (let row = 0; row < rows; row++) {
    const context: Record<string, unknown> = { order: row };
    const checkpoints = Array.from({ length: CHECKPOINTS }, (_, index) => {
      context[`n${index}`] = { status: 200, body: "x".repeat(100) };
      const timestamp = new Date(1_700_000_000_000 + row * 1_000 + index).toISOString();
      return { nodeId: `n${index}`, nodeName: "http", stepNumber: index + 1, context: { ...context }, timestamp };
    });
    const steps = { currentStep: CHECKPOINTS, totalSteps: CHECKPOINTS };
    const output = JSON.stringify({ checkpoints, currentContext: context, ...steps });
    const createdAt = 1_700_000_000_000 + row * 1_000;
    const ids = { executionId: `row-${row}`, workflowId: `w${row % 10}`, userId: `u${row % 100}` };
    yield { ...ids, status: "completed", output, createdAt, endedAt: createdAt + 500 };
  }
}
