import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { type ProjectedExecution, type ProjectionFailure, projectExecutions } from "../../src/migration/index.ts";
import { chain } from "../engine/chain.ts";
import { newWorld } from "../engine/world.ts";
import { Table } from "./table.ts";

const WORKFLOW = chain(3);
const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
const visit: NodeExecutor = ({ context, node }) => ({ ...context, [node.id]: true });

function world(executor: NodeExecutor = visit) {
  return newWorld(WORKFLOW, executor, { leaseMs: 1_000 });
}

describe("projectExecutions", () => {
  it("writes every state that a run commits, and the last one when it has ended", async () => {
    let release = (): void => undefined;
    const table = new Table();
    const {
      engine: newEngine,
      toEnd,
      pass,
    } = world(async (args) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return visit(args);
    });
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write });
    const run = engine.executeWorkflow({ ...CALL, metadata: { order: "7" } });
    for (let step = 0; step < 3; step++) {
      await pass(500);
      expect(table.rows.get("e1")).toMatchObject({ status: "running", currentStep: step, totalSteps: 3 });
      expect(table.rows.get("e1")?.output?.checkpoints).toHaveLength(step);
      release();
    }
    await toEnd(run);
    await pass(500);
    const state = await engine.getExecutionState("e1");
    const row = table.rows.get("e1") as ProjectedExecution;
    expect(row).toEqual({
      ...CALL,
      status: "completed",
      currentStep: 3,
      totalSteps: 3,
      output: state.toExecutionOutput(),
      metadata: { order: "7" },
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
      endedAt: expect.any(Date),
      revision: expect.stringMatching(/^\d{32}$/),
    });
    const revisions = table.writes.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort());
    expect(new Set(revisions).size).toBe(revisions.length);
    await toEnd(projection.stop());
  });

  it("writes failures, waits, cancellations, what is only started, and forks", async () => {
    const table = new Table();
    const {
      engine: newEngine,
      toEnd,
      pass,
    } = world((args) => {
      if (args.context.fail === true) throw new Error("429 Too Many Requests");
      return args.context.wait === true && args.node.id === "n2" ? suspend({ reason: "approve" }) : visit(args);
    });
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write, sweepIntervalMs: 86_400_000 });
    await toEnd(engine.executeWorkflow({ ...CALL, initialData: { fail: true } }));
    await toEnd(engine.executeWorkflow({ ...CALL, executionId: "e2", initialData: { wait: true } }));
    await toEnd(engine.startExecution({ ...CALL, executionId: "e3" }));
    const fork = await toEnd(engine.forkExecution({ executionId: "e2", at: { beforeNode: "n2" } }));
    await pass(500);
    expect(table.rows.get("e1")).toMatchObject({
      status: "failed",
      error: "429 Too Many Requests",
      failure: { nodeId: "n1" },
    });
    expect(table.rows.get("e2")).toMatchObject({ status: "suspended", waiting: [{ nodeId: "n2", reason: "approve" }] });
    expect(table.rows.get("e3")).toMatchObject({ status: "pending", currentStep: 0 });
    expect(table.rows.get(fork.executionId)).toMatchObject({ status: "pending", currentStep: 1 });
    await toEnd(engine.cancelExecution({ executionId: "e2" }));
    await pass(500);
    expect(table.rows.get("e2")).toMatchObject({ status: "cancelled", endedAt: expect.any(Date) });
    await toEnd(projection.stop());
  });

  it("tries a write that throws again, reports it, and writes the newest state then", async () => {
    const table = new Table();
    const failures: ProjectionFailure[] = [];
    let isDown = true;
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const projection = projectExecutions({
      engine,
      write: (row) => {
        if (isDown) throw new Error("the table is away");
        return table.write(row);
      },
      onFailure: (failure) => void failures.push(failure),
      sweepIntervalMs: 86_400_000,
    });
    expect((await toEnd(engine.executeWorkflow(CALL))).status).toBe("completed");
    await pass(20_000);
    expect(
      failures.map(({ executionId, failures: number, retryInMs }) => [executionId, number, retryInMs]).slice(0, 3),
    ).toEqual([
      ["e1", 1, 1_000],
      ["e1", 2, 2_000],
      ["e1", 3, 4_000],
    ]);
    expect(table.rows.size).toBe(0);
    isDown = false;
    await pass(60_000);
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
    const count = failures.length;
    await pass(200_000);
    expect(failures).toHaveLength(count);
    await toEnd(projection.stop());
  });

  it("has the last state of a run whose commits are not waited for", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine({ durability: "async" });
    const projection = projectExecutions({ engine, write: table.write, sweepIntervalMs: 86_400_000 });
    await toEnd(engine.executeWorkflow(CALL));
    await pass(1_000);
    expect(table.rows.get("e1")).toMatchObject({ status: "completed", currentStep: 3 });
    await toEnd(projection.stop());
  });

  it("reads no histories if it is asked not to", async () => {
    for (const output of ["settled", "never"] as const) {
      const table = new Table();
      const {
        engine: newEngine,
        toEnd,
        pass,
      } = world(async (args) => {
        await pass(200);
        return visit(args);
      });
      const engine = newEngine();
      const projection = projectExecutions({ engine, write: table.write, output });
      await toEnd(engine.executeWorkflow(CALL));
      await pass(500);
      await toEnd(projection.stop());
      const withOutput = table.writes.filter((row) => row.output !== undefined).map(({ status }) => status);
      expect(withOutput).toEqual(output === "settled" ? ["completed"] : []);
      expect(table.writes.map(({ currentStep }) => currentStep)).toContain(2);
    }
  });

  it("writes what the head says if the history is damaged, and reports it", async () => {
    const table = new Table();
    const failures: ProjectionFailure[] = [];
    const { engine: newEngine, toEnd, store } = world();
    await toEnd(newEngine().executeWorkflow(CALL));
    const damaged = store.reopen();
    const read = damaged.readCheckpoints.bind(damaged);
    damaged.readCheckpoints = async (...args) =>
      (await read(...args)).map((record) => ({ ...record, payload: "[2,]" }));
    const projection = projectExecutions({
      engine: newEngine({ store: damaged }),
      write: table.write,
      onFailure: (failure) => void failures.push(failure),
    });
    expect(await toEnd(projection.sweep())).toMatchObject({ failed: 0 });
    expect(table.rows.get("e1")).toMatchObject({ status: "completed", currentStep: 3 });
    expect(table.rows.get("e1")).not.toHaveProperty("output");
    expect(failures[0]).toMatchObject({ executionId: "e1", error: { code: "STATE_CORRUPT" } });
    expect(failures[0]?.retryInMs).toBeUndefined();
    await toEnd(projection.stop());
  });

  it("has a greater revision for an id that was deleted and made again", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write });
    await toEnd(engine.executeWorkflow(CALL));
    await pass(500);
    await toEnd(engine.deleteExecution({ executionId: "e1" }));
    await pass(500);
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
    await toEnd(engine.startExecution(CALL));
    await pass(500);
    expect(table.rows.get("e1")).toMatchObject({ status: "pending", currentStep: 0 });
    await toEnd(projection.stop());
  });

  it("writes what has changed when it stops, and nothing afterwards", async () => {
    const table = new Table();
    const { engine: newEngine, toEnd, pass } = world();
    const engine = newEngine();
    const projection = projectExecutions({ engine, write: table.write });
    await toEnd(engine.executeWorkflow(CALL));
    await toEnd(projection.stop());
    expect(table.rows.get("e1")).toMatchObject({ status: "completed" });
    await toEnd(engine.executeWorkflow({ ...CALL, executionId: "e2" }));
    await pass(1_000_000);
    expect(table.rows.has("e2")).toBe(false);
  });

  it("refuses a wrong call", () => {
    const { engine: newEngine } = world();
    const engine = newEngine();
    const write = () => undefined;
    for (const wrong of [
      {},
      { engine },
      { engine: engine.forUser("u1"), write },
      { engine, write: "INSERT" },
      { engine, write, output: "sometimes" },
      { engine, write, sweepIntervalMs: 0 },
      { engine, write, onError: write },
    ]) {
      expect(() => projectExecutions(wrong as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    }
  });
});
