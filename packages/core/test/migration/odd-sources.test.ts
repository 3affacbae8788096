import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type ImportRow, importExecutionOutputs } from "../../src/migration/index.ts";
import { interceptStore } from "../../src/store/index.ts";
import { injectFaults, ManualClock } from "../../src/testing/index.ts";
import { engineFor } from "./engine-for.ts";

const row = (executionId: string, more: Partial<ImportRow> = {}): ImportRow => ({
  ...{ executionId, workflowId: "chain", userId: "u1", status: "completed" },
  output: { currentContext: { a: 1 }, currentStep: 1, totalSteps: 1, checkpoints: [] },
  ...more,
});

/** A source that yields one row and then hangs, and whether it was told to clean up. */
function hanging() {
  const state = { returned: false };
  let given = false;
  const source: AsyncIterable<ImportRow> = {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        if (given) return new Promise(() => undefined);
        given = true;
        return Promise.resolve({ done: false as const, value: row("1") });
      },
      return: () => {
        state.returned = true;
        return new Promise(() => undefined);
      },
    }),
  };
  return { source, state };
}

describe("an import whose source hangs", () => {
  it("is ended by its signal, and tells the source to clean up without waiting for it", async () => {
    const { source, state } = hanging();
    const { engine, store } = engineFor();
    const controller = new AbortController();
    const importing = importExecutionOutputs(source, { engine, signal: controller.signal });
    await expect.poll(() => store.getExecution("1")).toMatchObject({ status: "completed" });
    controller.abort();
    expect(await importing).toMatchObject({ aborted: true, imported: 1, read: 1 });
    expect(state.returned).toBe(true);
  });

  it("is ended by a store that is closed", async () => {
    const { source } = hanging();
    const { engine, store } = engineFor();
    await store.close();
    await expect(importExecutionOutputs(source, { engine })).rejects.toMatchObject({ code: "STORE_CLOSED" });
  });
});

it("an import that is aborted between two rows waits until its source has cleaned up", async () => {
  let cleaned = false;
  const controller = new AbortController();
  async function* source() {
    try {
      for (let id = 1; ; id++) yield row(String(id));
    } finally {
      await new Promise((resolve) => setImmediate(resolve));
      cleaned = true;
    }
  }
  const inner = new MemoryCheckpointStore();
  const store = interceptStore(inner, async (_method, call) => {
    if ((await inner.getExecution("4")) !== undefined) controller.abort();
    return call();
  });
  const { engine } = engineFor({ store, clock: new ManualClock() });
  const report = await importExecutionOutputs(source(), { engine, concurrency: 1, signal: controller.signal });
  expect(report).toMatchObject({ aborted: true, read: 4 });
  expect(cleaned).toBe(true);
});

it("rows that cannot even be looked at are refused, and the others imported", async () => {
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable(row("x"), {});
    revoke();
    return proxy;
  };
  const throwing = new Proxy(row("y"), {
    getPrototypeOf() {
      throw new Error("no");
    },
  });
  for (const rows of [
    [revoked(), row("1"), throwing],
    [Promise.resolve(row("1")) as never, revoked(), null as never],
  ]) {
    const report = await importExecutionOutputs(rows, { engine: engineFor().engine });
    expect(report).toMatchObject({ imported: report.read - report.refused });
    expect(report.refused).toBeGreaterThan(0);
    expect(report.imported).toBeGreaterThan(0);
    expect(report.refusals[0]).toMatchObject({ code: "INVALID_ARGUMENT" });
  }
});

it("a row with the id of an earlier one is a duplicate if it is the same, and else refused with its id", async () => {
  const { engine, store } = engineFor();
  const other = [
    row("1", { userId: "u2" }),
    row("1", { status: "failed" }),
    row("1", { endedAt: new Date("2026-01-01") }),
    row("1", { output: { currentContext: { a: 2 }, currentStep: 1, totalSteps: 1, checkpoints: [] } }),
  ];
  const report = await importExecutionOutputs([row("1"), row("1"), ...other, row("1")], { engine, concurrency: 1 });
  expect(report).toMatchObject({ imported: 1, duplicates: 2, refused: 4 });
  expect(report.refusals.map(({ row: position, executionId, code }) => [position, executionId, code])).toEqual(
    [3, 4, 5, 6].map((position) => [position, "1", "EXECUTION_ALREADY_EXISTS"]),
  );
  expect(await store.getExecution("1")).toMatchObject({ userId: "u1", status: "completed" });
});

it("eight importers of the same rows at once import each row once, and refuse none", async () => {
  const rows = Array.from({ length: 6 }, (_, index) => row(String(index)));
  for (let seed = 1; seed <= 5; seed++) {
    const store = new MemoryCheckpointStore();
    const faults = { all: { delay: 0.8, delayMs: 3 } };
    const reports = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const { engine } = engineFor({ store: injectFaults(store.reopen(), { seed: seed * 100 + index, faults }) });
        return importExecutionOutputs(rows, { engine });
      }),
    );
    for (const { imported, skipped, refusals } of reports) {
      expect(refusals).toEqual([]);
      expect(imported + skipped).toBe(6);
    }
    expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(6);
    const { items } = await store.listExecutions({});
    expect(items.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => "completed"));
  }
});

it("an import that is run again reads the rows that are there, and tries to create only the others", async () => {
  const rows = Array.from({ length: 50 }, (_, index) => row(String(index)));
  const inner = new MemoryCheckpointStore();
  await importExecutionOutputs(rows, { engine: engineFor({ store: inner }).engine });
  let creations = 0;
  const store = interceptStore(inner, (method, call) => {
    if (method === "createExecution") creations++;
    return call();
  });
  const more = [...rows, row("new")];
  const report = await importExecutionOutputs(more, { engine: engineFor({ store }).engine, concurrency: 4 });
  expect(report).toMatchObject({ imported: 1, skipped: 50 });
  expect(creations).toBeLessThan(10);
});
