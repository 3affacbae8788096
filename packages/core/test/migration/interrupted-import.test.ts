import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import type { CheckpointStore } from "../../src/index.ts";
import { importExecutionOutputs } from "../../src/migration/index.ts";
import { crashAt, injectFaults } from "../../src/testing/index.ts";
import { engineFor } from "./engine-for.ts";
import { expectedCounts, oldTable } from "./old-table.ts";

const TABLE = oldTable(24);
const ROWS = TABLE.map(({ row }) => row);

/** What a store holds of every row, as users see it. */
async function holdings(store: CheckpointStore) {
  const { engine } = engineFor({ store });
  const { items } = await store.listExecutions({ order: "asc", limit: 1_000 });
  return Promise.all(
    items.map(async ({ id, status, failure, createdAt }) => {
      const { checkpoints, ...output } = (await engine.getExecutionState(id)).toExecutionOutput();
      return {
        id,
        status,
        failure,
        createdAt,
        ...output,
        checkpoints: checkpoints.map(({ id: _id, ...each }) => each),
      };
    }),
  );
}

async function callsOfAnImport(): Promise<{ commits: number; creations: number; held: unknown[] }> {
  const calls = { commit: 0, createExecution: 0 };
  const store = new MemoryCheckpointStore();
  const counting = store.reopen();
  for (const method of ["commit", "createExecution"] as const) {
    const call = counting[method].bind(counting) as (...args: unknown[]) => Promise<never>;
    counting[method] = (...args: unknown[]) => {
      calls[method]++;
      return call(...args);
    };
  }
  await importExecutionOutputs(ROWS, { engine: engineFor({ store: counting }).engine, concurrency: 3 });
  return { commits: calls.commit, creations: calls.createExecution, held: await holdings(store) };
}

const whole = await callsOfAnImport();
const POINTS = (["before", "after"] as const).flatMap((when) => [
  ...Array.from({ length: whole.creations }, (_, index) => ({
    method: "createExecution" as const,
    call: index + 1,
    when,
  })),
  ...Array.from({ length: whole.commits }, (_, index) => ({ method: "commit" as const, call: index + 1, when })),
]);

describe("an import of many rows whose process dies", () => {
  it.each(POINTS)(
    "$when call $call of $method is completed by a second run: nothing twice, nothing half",
    async (point) => {
      const store = new MemoryCheckpointStore();
      const crashing = crashAt(store.reopen(), point);
      const dying = engineFor({ store: crashing });
      await expect(importExecutionOutputs(ROWS, { engine: dying.engine, concurrency: 3 })).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      expect(crashing.crashed).toBe(true);

      const { engine, started } = engineFor({ store });
      expect(await engine.recoverExecutions()).toEqual({ resumed: 0, left: [] });
      const halves = (await holdings(store)).filter(({ failure }) => failure?.code === "IMPORT_INCOMPLETE").length;
      const report = await importExecutionOutputs(ROWS, { engine });
      expect(report).toMatchObject({ replaced: halves, refused: expectedCounts(TABLE).refused });
      expect(report.imported + report.skipped).toBe(expectedCounts(TABLE).imported);
      const order = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
      expect((await holdings(store)).sort(order)).toEqual((whole.held as { id: string }[]).toSorted(order));
      expect([...started, ...dying.started]).toEqual([]);
    },
  );

  it("is run by two processes at the same time without harm", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const store = new MemoryCheckpointStore();
      const faults = { all: { delay: 0.5, delayMs: 1 } };
      const reports = await Promise.all(
        [seed, -seed].map((each) => {
          const { engine } = engineFor({ store: injectFaults(store.reopen(), { seed: each, faults }) });
          return importExecutionOutputs(ROWS, { engine });
        }),
      );
      for (const { imported, skipped, refused } of reports) {
        expect(refused).toBe(expectedCounts(TABLE).refused);
        expect(imported + skipped).toBe(expectedCounts(TABLE).imported);
      }
      const order = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);
      expect((await holdings(store)).sort(order)).toEqual((whole.held as { id: string }[]).toSorted(order));
    }
  });
});
