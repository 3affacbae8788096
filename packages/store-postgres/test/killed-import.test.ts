import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createWorkflowEngine } from "@waymark/core";
import { importExecutionOutputs } from "@waymark/core/migration";
import { startPostgres } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";
import { CHECKPOINTS, importedRows, ROWS } from "./imported-rows.ts";

const server = await startPostgres();
const store = await PostgresCheckpointStore.connect({ url: server.url });
afterAll(async () => {
  await store.close();
  await server.stop();
});

/** Lets a process import until it has taken this many rows, and kills it while it writes them. */
async function importUntil(rows: number): Promise<void> {
  const program = fileURLToPath(new URL("./importing-process.ts", import.meta.url));
  const child = fork(program, [server.url]);
  child.on("message", (taken) => {
    if (Number(taken) >= rows) child.kill("SIGKILL");
  });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
}

it("an import whose process is killed again and again ends with every row there once, as a whole", async () => {
  for (const rows of [20, 70, 71, 150, 151, 152, 220, 290]) await importUntil(rows);
  const engine = createWorkflowEngine({ store, workflows: [], executors: {} });
  const report = await importExecutionOutputs(importedRows(), { engine });
  expect(report).toMatchObject({ read: ROWS, duplicates: 0, refused: 0 });
  expect(report.imported + report.skipped).toBe(ROWS);
  expect(report.skipped).toBeGreaterThan(200);

  const { items, nextCursor } = await store.listExecutions({ limit: 1_000 });
  expect([items.length, nextCursor]).toEqual([ROWS, undefined]);
  for (const row of importedRows()) {
    const state = await engine.getExecutionState(row.executionId);
    const { checkpoints, ...rest } = state.toExecutionOutput();
    const output = { ...rest, checkpoints: checkpoints.map(({ id: _id, ...checkpoint }) => checkpoint) };
    expect([state.getStatus(), output]).toEqual([row.status, row.output]);
    expect(checkpoints).toHaveLength(CHECKPOINTS);
  }
  expect((await store.listExecutions({ due: true })).items).toEqual([]);
  expect((await store.listExecutions({ leaseExpired: true })).items).toEqual([]);
});
