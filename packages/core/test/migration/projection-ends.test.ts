import { describe, expect, it } from "vitest";
import {
  type DeletedExecution,
  type ProjectExecutionsOptions,
  type ProjectedExecution,
  type ProjectionFailure,
  projectExecutions,
} from "../../src/migration/index.ts";
import { chain } from "../engine/chain.ts";
import { newWorld } from "../engine/world.ts";
import { Table } from "./table.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };

function world() {
  return newWorld(chain(3), ({ context, node }) => ({ ...context, [node.id]: true }), { leaseMs: 1_000 });
}

/** A table that removes rows as the documentation says, and notes what it was asked to remove. */
function removing() {
  const table = new Table();
  const removals: DeletedExecution[] = [];
  const remove = (deleted: DeletedExecution): void => {
    removals.push(deleted);
    const { executionId, revision } = deleted;
    const row = table.rows.get(executionId);
    if (row !== undefined && (revision === undefined || row.revision <= revision)) table.rows.delete(executionId);
  };
  return { table, removals, remove };
}

describe("the row of a deleted execution", () => {
  it("is removed after the engine has deleted it, also while its row is being written", async () => {
    const { table, removals, remove } = removing();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    let release = (): void => undefined;
    const write = async (row: ProjectedExecution) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return table.write(row);
    };
    const projection = projectExecutions({ engine, write, remove });
    await toEnd(engine.executeWorkflow(CALL));
    await pass(100);
    await toEnd(engine.deleteExecution({ executionId: "e1" }));
    release();
    await pass(10_000);
    expect(table.writes).toHaveLength(1);
    expect(table.rows.size).toBe(0);
    expect(removals).toEqual([{ executionId: "e1", revision: table.writes[0]?.revision }]);
    await toEnd(projection.stop());
  });

  it("is removed by a sweep if a prune or another process has deleted it, and V1's rows are left alone", async () => {
    const { table, removals, remove } = removing();
    const { engine: newEngine, toEnd } = world();
    const [engine, other] = [newEngine(), newEngine()];
    const readRows = async function* () {
      yield* [...table.rows.values()];
      yield { executionId: "row of V1", revision: null };
    };
    const projection = projectExecutions({ engine, write: table.write, remove, readRows });
    for (const executionId of ["e1", "e2", "e3"]) await toEnd(engine.executeWorkflow({ ...CALL, executionId }));
    expect(await toEnd(projection.sweep())).toMatchObject({ removed: 0 });
    await toEnd(other.deleteExecution({ executionId: "e2" }));
    expect(await toEnd(projection.sweep())).toMatchObject({ removed: 1, failed: 0 });
    expect([...table.rows.keys()].sort()).toEqual(["e1", "e3"]);
    expect(removals.map(({ executionId }) => executionId)).toEqual(["e2"]);
    await toEnd(projection.stop());
  });

  it("stays if the id was made again meanwhile, because the new execution's revision is greater", async () => {
    const { table, remove } = removing();
    const { engine: newEngine, toEnd } = world();
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write, remove });
    await toEnd(engine.executeWorkflow(CALL));
    await toEnd(projection.sweep());
    const old = table.rows.get("e1")?.revision as string;
    await toEnd(engine.deleteExecution({ executionId: "e1" }));
    await toEnd(engine.executeWorkflow(CALL));
    await toEnd(projection.stop());
    remove({ executionId: "e1", revision: old });
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
  });

  it("is removed later if the removal fails", async () => {
    const { table, remove } = removing();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const failures: ProjectionFailure[] = [];
    let fails = true;
    const projection = projectExecutions({
      ...{ engine, write: table.write },
      remove: (deleted) => (fails ? Promise.reject(new Error("locked")) : remove(deleted)),
      onFailure: (failure) => void failures.push(failure),
    });
    await toEnd(engine.executeWorkflow(CALL));
    await toEnd(projection.sweep());
    await toEnd(engine.deleteExecution({ executionId: "e1" }));
    await pass(500);
    expect(failures).toMatchObject([{ executionId: "e1", failures: 1, retryInMs: 1_000 }]);
    fails = false;
    await pass(2_000);
    expect(table.rows.size).toBe(0);
    await toEnd(projection.stop());
  });

  it("cannot be looked for without a way to remove it", () => {
    const options = { engine: world().engine(), write: () => undefined, readRows: () => [] };
    expect(() => projectExecutions(options)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("the end of a projection", () => {
  it.each<[string, (stop: () => Promise<void>) => Promise<void>]>([
    ["hangs", () => new Promise(() => undefined)],
    ["waits for the end itself", (stop) => stop()],
  ])("is bounded if a write %s, which is reported", async (_what, write) => {
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const failures: ProjectionFailure[] = [];
    const projection = projectExecutions({
      engine,
      write: () => write(() => projection.stop()),
      onFailure: (failure) => void failures.push(failure),
    });
    await toEnd(engine.executeWorkflow(CALL));
    const stopping = projection.stop({ timeoutMs: 3_000 });
    await pass(3_000);
    await stopping;
    expect(failures).toMatchObject([{ executionId: "e1", error: { message: "It has not ended within 3000 ms." } }]);
    await pass(20_000);
  });

  it("is the end of its sweeps", async () => {
    const { engine: newEngine, toEnd } = world();
    const projection = projectExecutions({ engine: newEngine(), write: () => undefined });
    await toEnd(projection.stop());
    await expect(projection.sweep()).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(projection.stop({ timeoutMs: -1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

it("a write that changes its row does not make the next sweep write it again, or miss a newer state", async () => {
  const { engine: newEngine, toEnd } = world();
  const engine = newEngine();
  const writes: string[] = [];
  const projection = projectExecutions({
    engine,
    write: (row) => {
      writes.push(row.revision);
      row.revision = "zzz";
    },
  });
  await toEnd(engine.startExecution(CALL));
  await toEnd(projection.sweep());
  await toEnd(engine.recoverExecutions());
  await toEnd(projection.sweep());
  const { length } = writes;
  expect(new Set(writes).size).toBe(length);
  expect(length).toBeGreaterThan(1);
  await toEnd(projection.sweep());
  expect(writes).toHaveLength(length);
  await toEnd(projection.stop());
});

it.each<[string, unknown]>([
  [
    "throws",
    () => {
      throw new Error("no column");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no column"))],
  ["returns nothing", () => null],
  ["returns a null", () => [null]],
])("readRevisions that %s is reported, and everything is written", async (_what, readRevisions) => {
  const table = new Table();
  const failures: ProjectionFailure[] = [];
  const { engine: newEngine, toEnd } = world();
  await toEnd(newEngine().executeWorkflow(CALL));
  const projection = projectExecutions({
    ...{ engine: newEngine(), write: table.write },
    readRevisions: readRevisions as NonNullable<ProjectExecutionsOptions["readRevisions"]>,
    onFailure: (failure) => void failures.push(failure),
  });
  expect(await toEnd(projection.sweep())).toMatchObject({ found: 1, failed: 0 });
  expect(failures.length).toBeGreaterThan(0);
  expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
  await toEnd(projection.stop());
});
