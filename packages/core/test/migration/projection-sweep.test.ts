import { describe, expect, it } from "vitest";
import { importExecutionOutputs, type ProjectedExecution, projectExecutions } from "../../src/migration/index.ts";
import { ProjectionSweep } from "../../src/migration/projection-sweep.ts";
import type { Projector } from "../../src/migration/projector.ts";
import { surroundingsOf } from "../../src/state/surroundings.ts";
import { crashAt } from "../../src/testing/index.ts";
import { chain } from "../engine/chain.ts";
import { newWorld } from "../engine/world.ts";
import { Table } from "./table.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };

function world() {
  return newWorld(chain(3), ({ context, node }) => ({ ...context, [node.id]: true }), { leaseMs: 1_000 });
}

describe("the sweeps of a projection", () => {
  it("find what other processes do, and what has ended since the last one", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write, sweepIntervalMs: 10_000 });
    await pass(1_000);
    const other = newEngine();
    await toEnd(other.startExecution(CALL));
    expect(table.rows.size).toBe(0);
    await pass(11_000);
    expect(table.rows.get("e1")).toMatchObject({ status: "pending" });
    await toEnd(other.recoverExecutions());
    await pass(11_000);
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
    const writes = table.writes.length;
    await pass(100_000);
    expect(table.writes).toHaveLength(writes);
    await toEnd(projection.stop());
    await toEnd(other.startExecution({ ...CALL, executionId: "e2" }));
    await pass(100_000);
    expect(table.writes).toHaveLength(writes);
  });

  it("write after a start only what the table lacks, if it can ask for the revisions", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd } = world();
    const first = newEngine();
    for (let number = 1; number <= 5; number++)
      await toEnd(first.executeWorkflow({ ...CALL, executionId: `e${number}` }));
    const before = projectExecutions({ engine: first, write: table.write });
    expect(await toEnd(before.sweep())).toMatchObject({ found: 5, removed: 0, failed: 0 });
    await toEnd(before.stop());
    await toEnd(first.executeWorkflow({ ...CALL, executionId: "e6" }));
    table.writes.length = 0;
    const { write, readRevisions } = table;
    const after = projectExecutions({ engine: newEngine(), write, readRevisions });
    await toEnd(after.sweep());
    expect(table.writes.map(({ executionId }) => executionId)).toEqual(["e6"]);
    await toEnd(after.stop());
  });

  it("look back to the last sweep that left nothing behind", async () => {
    const table = new Table();
    let isDown = true;
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    await toEnd(engine.executeWorkflow(CALL));
    const write = async (row: ProjectedExecution) => {
      if (isDown) throw new Error("the table is away");
      await table.write(row);
    };
    const options = { engine, write, onFailure: () => undefined, endedWithinMs: 3_600_000 };
    const failing = projectExecutions(options);
    expect(await toEnd(failing.sweep())).toEqual({ found: 1, projected: 1, removed: 0, failed: 1 });
    await pass(7_200_000);
    isDown = false;
    // It ended two hours ago. The sweeps since have failed, so the window has grown.
    await toEnd(failing.sweep());
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
    await toEnd(failing.stop());
    // A process that starts now does not look back that far.
    table.rows.clear();
    const late = projectExecutions(options);
    expect(await toEnd(late.sweep())).toEqual({ found: 0, projected: 0, removed: 0, failed: 0 });
    await toEnd(late.stop());
  });

  it("leave the application's own row alone while it is being imported", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd, store } = world();
    const checkpoints = [
      { nodeId: "n1", nodeName: "http", stepNumber: 1, context: {}, timestamp: "2026-01-01T00:00:00Z" },
    ];
    const output = { checkpoints, currentContext: {}, currentStep: 1, totalSteps: 3 };
    const rows = [{ ...CALL, output, status: "running" }];
    const dying = newEngine({ store: crashAt(store.reopen(), { call: 1, when: "before" }), storeRetryMs: 0 });
    await expect(toEnd(importExecutionOutputs(rows, { engine: dying }))).rejects.toThrow();
    const projection = projectExecutions({ engine: newEngine(), write: table.write });
    expect(await toEnd(projection.sweep())).toEqual({ found: 0, projected: 0, removed: 0, failed: 0 });
    await toEnd(importExecutionOutputs(rows, { engine: newEngine() }));
    await toEnd(projection.sweep());
    expect(table.rows.get("e1")).toMatchObject({
      status: "failed",
      failure: { code: "IMPORTED" },
      output: { currentStep: 1 },
    });
    await toEnd(projection.stop());
  });

  it("pass over what has not changed since the last complete one, also if nobody remembers its revision", async () => {
    const { engine: newEngine, toEnd, pass, store, clock } = world();
    const projected: string[] = [];
    let isWritten = false;
    const forgetful = {
      takeMissed: () => false,
      writtenOf: () => undefined,
      noteWritten: () => undefined,
      project: async (id: string) => {
        projected.push(id);
        return isWritten;
      },
    } as unknown as Projector;
    const surroundings = surroundingsOf({ store, clock });
    const parts = {
      surroundings,
      projector: forgetful,
      readRevisions: undefined,
      readRows: undefined,
      onFailure: () => undefined,
      endedWithinMs: 1_000,
    };
    const sweep = new ProjectionSweep({ ...parts, isStopped: () => false });
    for (const executionId of ["e1", "e2"]) await newEngine().startExecution({ ...CALL, executionId });

    expect(await sweep.run()).toEqual({ found: 2, projected: 2, removed: 0, failed: 2 });
    isWritten = true;
    await pass(120_000);
    expect(await sweep.run()).toEqual({ found: 2, projected: 2, removed: 0, failed: 0 });
    await pass(120_000);
    expect(await sweep.run()).toEqual({ found: 2, projected: 0, removed: 0, failed: 0 });
    projected.length = 0;
    await toEnd(newEngine().cancelExecution({ executionId: "e2" }));
    expect(await sweep.run()).toEqual({ found: 2, projected: 1, removed: 0, failed: 0 });
    expect(projected).toEqual(["e2"]);
  });
});
