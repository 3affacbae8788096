import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import type { CheckpointStore } from "../../src/index.ts";
import {
  type ImportProgress,
  type ImportRow,
  importExecutionOutputs,
  type RefusedRow,
} from "../../src/migration/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { engineFor } from "./engine-for.ts";
import { expectedCounts, oldTable, rowsOf } from "./old-table.ts";

const TABLE = oldTable(1_000);
const ROWS = TABLE.map(({ row }) => row);
const ROW = rowsOf(TABLE, "completed")[0] as ImportRow;

async function* stream<T>(rows: readonly T[]): AsyncGenerator<T> {
  for (const row of rows) yield row;
}

async function heads(store: CheckpointStore) {
  const items = [];
  let cursor: string | undefined;
  do {
    const page = await store.listExecutions({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

/** Everything that is kept, without what differs by nature. */
async function contents(store: CheckpointStore) {
  const kept = await Promise.all(
    (await heads(store)).map(
      async ({ token: _token, version: _version, updatedAt: _updated, readAt: _read, ...head }) => {
        const records = await store.readCheckpoints(head.id);
        // `endedAt` is the time of the import if the row has none.
        const { endedAt: _endedAt, ...rest } = head;
        return { ...rest, records: records.map(({ seq, kind, nodeId }) => ({ seq, kind, nodeId })) };
      },
    ),
  );
  return kept.sort((a, b) => a.id.localeCompare(b.id));
}

describe("importExecutionOutputs", () => {
  it("takes in an old table: counted, with its statuses, times and outputs, and nothing of it runs", async () => {
    const { engine, store, started } = engineFor();
    const refused: RefusedRow[] = [];
    const report = await importExecutionOutputs(stream(ROWS), { engine, onRefused: (row) => void refused.push(row) });
    const { refusals, ...counts } = report;
    expect(counts).toEqual({ ...expectedCounts(TABLE), dryRun: false, aborted: false });

    const broken = TABLE.flatMap(({ kind }, index) => (kind === "broken" ? [index + 1] : []));
    const byRow = (rows: RefusedRow[]) => rows.map(({ row }) => row).sort((a, b) => a - b);
    expect(byRow(refused)).toEqual(broken);
    expect(byRow(refusals)).toEqual(broken.slice(0, 100));
    for (const { row, executionId, code } of refused) {
      expect([executionId, code]).toEqual([ROWS[row - 1]?.executionId, "INVALID_ARGUMENT"]);
    }

    const byId = new Map((await heads(store)).map((head) => [head.id, head]));
    expect(byId.size).toBe(report.imported);
    for (const kind of ["completed", "failed", "cancelled", "unfinished"] as const) {
      for (const row of rowsOf(TABLE, kind)) {
        const head = byId.get(row.executionId);
        expect(head).toMatchObject({
          status: kind === "unfinished" ? "failed" : kind,
          createdAt: (row.createdAt as Date).getTime(),
          ...(row.endedAt === null ? {} : { endedAt: row.endedAt }),
        });
        expect(head?.failure?.code === "IMPORTED").toBe(kind === "unfinished");
        const output = typeof row.output === "string" ? JSON.parse(row.output) : row.output;
        const state = await engine.getExecutionState(row.executionId);
        expect(state.getContext()).toEqual(output === null ? {} : output.currentContext);
        expect(state.getCheckpoints().map(({ context }) => context)).toEqual(
          output === null ? [] : output.checkpoints.map(({ context }: { context: unknown }) => context),
        );
      }
    }
    expect(started).toEqual([]);
    expect(await engine.recoverExecutions()).toEqual({ resumed: 0, left: [] });
    expect((await store.listExecutions({ due: true })).items).toEqual([]);
    expect(started).toEqual([]);
  });

  it("leaves executions that can be resumed by hand, from their last step", async () => {
    const { engine, started } = engineFor();
    const rows = rowsOf(TABLE, "unfinished").filter(({ output }) => output !== null && output !== "null");
    await importExecutionOutputs(rows, { engine });
    for (const row of rows.slice(0, 30)) {
      started.length = 0;
      const { currentStep } = typeof row.output === "string" ? JSON.parse(row.output) : row.output;
      const result = await engine.resumeWorkflow({ executionId: row.executionId });
      expect(result.status).toBe("completed");
      expect(started).toEqual(["n1", "n2", "n3"].slice(currentStep));
    }
  });

  it("changes nothing in a second run, and skips executions that have continued since", async () => {
    const { engine, store } = engineFor();
    await importExecutionOutputs(ROWS, { engine });
    const [continued] = rowsOf(TABLE, "unfinished");
    await engine.resumeWorkflow({ executionId: continued?.executionId as string });
    const before = await contents(store);
    const { imported, skipped, duplicates, refused } = await importExecutionOutputs(ROWS, { engine });
    const { imported: first, ...expected } = expectedCounts(TABLE);
    expect({ imported, skipped, duplicates, refused }).toEqual({
      imported: 0,
      skipped: first,
      duplicates: expected.duplicates,
      refused: expected.refused,
    });
    expect(await contents(store)).toEqual(before);
  });

  it("reports in a dry run what the import then does, and writes nothing", async () => {
    const writes: string[] = [];
    const memory = new MemoryCheckpointStore();
    const store = interceptStore(memory, (method, call) => {
      if (method !== "getExecution") writes.push(method);
      return call();
    });
    const { engine } = engineFor({ store: memory });
    await importExecutionOutputs(ROWS.slice(0, 300), { engine });
    const dry = await importExecutionOutputs(ROWS, { engine: engineFor({ store }).engine, dryRun: true });
    expect(writes).toEqual([]);
    const byRow = (rows: RefusedRow[]) => rows.toSorted((a, b) => a.row - b.row);
    const real = await importExecutionOutputs(ROWS, { engine });
    expect({ ...dry, refusals: byRow(dry.refusals) }).toEqual({
      ...real,
      dryRun: true,
      refusals: byRow(real.refusals),
    });
    expect(real.skipped).toBeGreaterThan(200);
  });

  it("refuses in a dry run what the store would refuse", async () => {
    const memory = new MemoryCheckpointStore();
    const store = interceptStore(memory, (_method, call) => call());
    const small = { ...store, capabilities: { ...memory.capabilities, maxPayloadBytes: 1_000 } };
    const checkpoint = {
      nodeId: "n1",
      nodeName: "http",
      stepNumber: 1,
      timestamp: 0,
      context: { text: "x".repeat(2_000) },
    };
    const output = { checkpoints: [checkpoint], currentContext: {}, currentStep: 1, totalSteps: 1 };
    const rows = [
      { ...ROW, executionId: "x".repeat(513) },
      { ...ROW, output },
    ] as unknown as ImportRow[];
    for (const dryRun of [true, false]) {
      const { refusals } = await importExecutionOutputs(rows, { engine: engineFor({ store: small }).engine, dryRun });
      expect(refusals.map(({ code }) => code).sort()).toEqual(["INVALID_ARGUMENT", "PAYLOAD_TOO_LARGE"]);
    }
    expect(await heads(memory)).toEqual([]);
  });

  it("leaves the executions of other workflows and users alone", async () => {
    const { engine } = engineFor();
    await engine.executeWorkflow({ workflowId: "chain", userId: "somebody", executionId: ROW.executionId });
    for (const dryRun of [true, false]) {
      const { refusals } = await importExecutionOutputs([ROW], { engine, dryRun });
      expect(refusals).toMatchObject([{ row: 1, executionId: ROW.executionId, code: "EXECUTION_ALREADY_EXISTS" }]);
    }
    expect((await engine.getExecutionState(ROW.executionId)).getUserId()).toBe("somebody");
  });

  it("takes the whole copy of a row whose other copy is broken, whatever comes first", async () => {
    for (const rows of [
      [{ ...ROW, output: "{" }, ROW],
      [ROW, { ...ROW, output: "{" }],
    ]) {
      const { engine } = engineFor();
      const { imported, refused, duplicates } = await importExecutionOutputs(rows, { engine });
      expect([imported, refused + duplicates]).toEqual([1, 1]);
      expect((await engine.getExecutionState(ROW.executionId)).getStatus()).toBe("completed");
    }
  });

  it("reports rows that are no rows, and an error that a source yields in place of one", async () => {
    const { engine } = engineFor();
    const { executionId: _id, ...withoutId } = ROW;
    const unreadable = Object.defineProperty({ ...ROW }, "output", {
      enumerable: true,
      get() {
        throw new Error("gone");
      },
    });
    const error = Object.assign(new Error("line 6 is not JSON"), { executionId: "row-x" });
    const rows = [null, "row", withoutId, unreadable, error, ROW] as ImportRow[];
    const { refusals, imported } = await importExecutionOutputs(rows, { engine, concurrency: 1 });
    expect(refusals).toEqual([
      { row: 1, code: "INVALID_ARGUMENT", message: "The row cannot be imported: it is not an object." },
      { row: 2, code: "INVALID_ARGUMENT", message: "The row cannot be imported: it is not an object." },
      { row: 3, code: "INVALID_ARGUMENT", message: expect.stringContaining("no executionId") },
      {
        row: 4,
        executionId: ROW.executionId,
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("cannot be read"),
      },
      { row: 5, executionId: "row-x", code: "INVALID_ARGUMENT", message: expect.stringContaining("line 6") },
    ]);
    expect(imported).toBe(1);
  });
});

describe("the run of an import", () => {
  it("holds few rows at a time, however slow the store is", async () => {
    let taken = 0;
    let most = 0;
    let written = 0;
    const store = interceptStore(new MemoryCheckpointStore(), async (method, call) => {
      await new Promise((resolve) => setImmediate(resolve));
      const result = await call();
      if (method === "createExecution") written++;
      return result;
    });
    async function* rows() {
      for (const row of rowsOf(TABLE, "completed", "failed").slice(0, 100)) {
        taken++;
        most = Math.max(most, taken - written);
        yield row;
      }
    }
    await importExecutionOutputs(rows(), { engine: engineFor({ store }).engine, concurrency: 4 });
    expect(taken).toBe(100);
    expect(most).toBeLessThanOrEqual(4 + 1);
    expect(most).toBeGreaterThan(1);
  });

  it("tells its progress every 100 rows and at the end, and survives a callback that fails", async () => {
    const { engine } = engineFor();
    const progress: ImportProgress[] = [];
    const onProgress = (each: ImportProgress) => {
      progress.push(each);
      throw new Error("the page is gone");
    };
    const report = await importExecutionOutputs(ROWS.slice(0, 250), { engine, onProgress });
    expect(progress.map(({ read }) => read)).toEqual([100, 200, 250]);
    expect(report).toMatchObject(progress.at(-1) as ImportProgress);
    progress.length = 0;
    await importExecutionOutputs([], { engine, onProgress });
    expect(progress.map(({ read }) => read)).toEqual([0]);
  });

  it("ends after an abort with the rows under way, and closes the source", async () => {
    const { engine, store } = engineFor();
    const abort = new AbortController();
    let isClosed = false;
    async function* rows() {
      try {
        for (const [index, row] of ROWS.entries()) {
          if (index === 50) abort.abort();
          yield row;
        }
      } finally {
        isClosed = true;
      }
    }
    const report = await importExecutionOutputs(rows(), { engine, signal: abort.signal });
    expect(report).toMatchObject({ aborted: true, read: 50 });
    expect(isClosed).toBe(true);
    expect(await heads(store)).toHaveLength(report.imported);
    const rest = await importExecutionOutputs(ROWS, { engine });
    expect(rest.imported + report.imported).toBe(expectedCounts(TABLE).imported);
    expect(await importExecutionOutputs(ROWS, { engine, signal: AbortSignal.abort() })).toMatchObject({
      read: 0,
      aborted: true,
    });
  });

  it("ends with the error of its source, and can be run again", async () => {
    const { engine } = engineFor();
    async function* rows() {
      yield* ROWS.slice(0, 20);
      throw new Error("connection terminated");
    }
    await expect(importExecutionOutputs(rows(), { engine })).rejects.toThrow("connection terminated");
    const { skipped, imported } = await importExecutionOutputs(ROWS.slice(0, 40), { engine });
    expect(skipped).toBe(expectedCounts(TABLE.slice(0, 20)).imported);
    expect(imported + skipped).toBe(expectedCounts(TABLE.slice(0, 40)).imported);
  });

  it("refuses a wrong call before it takes a row", async () => {
    const { engine } = engineFor();
    const wrong: [unknown, object][] = [
      [ROWS, {}],
      [ROWS, { engine: engine.forUser("u1") }],
      [ROWS, { engine, concurrency: 0 }],
      [ROWS, { engine, wat: true }],
      [undefined, { engine }],
      ["rows", { engine }],
    ];
    for (const [rows, options] of wrong) {
      await expect(importExecutionOutputs(rows as ImportRow[], options as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
  });
});
