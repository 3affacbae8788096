import { describe, expect, it } from "vitest";
import { type NodeExecutor, RetryAfterError, suspend } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = { ...callOf(WORKFLOW), deadlineMs: 10_000 };
const LATE = { status: "failed", failure: { code: "EXECUTION_TIMEOUT" }, error: expect.stringContaining("timeout") };

const hangs: NodeExecutor = () => new Promise<never>(() => undefined);
const rests: NodeExecutor = ({ resume, context }) => (resume === undefined ? suspend() : context);
const fails: NodeExecutor = () => {
  throw new RetryAfterError("429", { retryAfterMs: 3_600_000 });
};
const retry = { maxAttempts: 3 };

describe("a deadline", () => {
  it("is on record from the creation on, by the store's clock", async () => {
    const { engine, store, clock } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    expect(await store.getExecution("e1")).toMatchObject({ deadlineAt: clock.now() + 10_000 });
    const [summary] = (await engine().listExecutions()).items;
    expect(summary?.deadlineAt).toBe(new Date(clock.now() + 10_000).toISOString());
  });

  it("is refused by its name if the store could not keep it", async () => {
    const engine = newWorld(WORKFLOW, append).engine();
    for (const deadlineMs of [-1, 1_500.5, Number.NaN, Number.MAX_SAFE_INTEGER]) {
      const message = expect.stringContaining("deadlineMs: must be a whole number of milliseconds from 0 to");
      await expect(engine.startExecution({ ...CALL, deadlineMs })).rejects.toMatchObject({ message });
      await expect(engine.executeWorkflow({ ...CALL, deadlineMs })).rejects.toMatchObject({ message });
    }
  });

  it("ends a run in mid-node, and names the node", async () => {
    const { engine, toEnd, clock } = newWorld(WORKFLOW, hangs, { retry });
    const result = await toEnd(engine().executeWorkflow(CALL));
    expect(result).toMatchObject({ ...LATE, failure: { code: "EXECUTION_TIMEOUT", nodeId: "n1" } });
    expect(clock.elapsed()).toBe(10_000);
  });

  it.each([
    ["would be tried again", { retry }, {}, LATE],
    ["would be passed over", {}, { onError: "continue" as const }, LATE],
    ["has no other attempt", {}, {}, { status: "failed", failure: { code: "NODE_FAILED", message: "503" } }],
  ])(
    "that passes while a node fails which %s decides what the execution fails of",
    async (_what, options, node, end) => {
      const workflow = { ...WORKFLOW, nodes: WORKFLOW.nodes.map((each) => ({ ...each, ...node })) };
      const { engine, toEnd, clock } = newWorld(
        workflow,
        () => {
          clock.advance(10_000);
          throw new Error("503");
        },
        options,
      );
      expect(await toEnd(engine().executeWorkflow(CALL))).toMatchObject(end);
    },
  );

  it("ends a run that waits for the next attempt", async () => {
    const { engine, toEnd, clock } = newWorld(WORKFLOW, fails, { retry });
    expect(await toEnd(engine().executeWorkflow(CALL))).toMatchObject(LATE);
    expect(clock.elapsed()).toBe(10_000);
  });

  it.each<[string, NodeExecutor, { budgetMs?: number }]>([
    ["is suspended without a time of its own", rests, {}],
    ["waits an hour for the next attempt", fails, { budgetMs: 100 }],
    ["was never begun", append, { budgetMs: 0 }],
  ])(
    "that passes while the execution %s ends it by a recovery, within an interval",
    async (_what, executor, limits) => {
      const { engine, toEnd, pass, store } = newWorld(WORKFLOW, executor, { retry });
      const { executeWorkflow, startRecovery } = engine();
      await toEnd(executeWorkflow({ ...CALL, ...limits }));
      await pass(9_999);
      const recovery = limits.budgetMs === 0 ? undefined : startRecovery();
      if (recovery === undefined) {
        await pass(1);
        await engine().recoverExecutions();
      } else {
        await pass(6_001);
        await recovery.stop();
      }
      expect(await store.getExecution("e1")).toMatchObject({
        status: "failed",
        failure: { code: "EXECUTION_TIMEOUT" },
      });
    },
  );

  it("that has passed ends the execution whoever resumes it, and again when it is resumed once more", async () => {
    const { engine, toEnd, pass } = newWorld(WORKFLOW, rests);
    const { executeWorkflow, resumeWorkflow } = engine();
    await executeWorkflow(CALL);
    await pass(10_000);
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject(LATE);
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject(LATE);
  });

  it("that passed while nobody ran it after a crash ends it, and starts nothing", async () => {
    let starts = 0;
    const { engine, pass, store } = newWorld(WORKFLOW, () => {
      starts += 1;
      return new Promise<never>(() => undefined);
    });
    const dead = engine({ store: crashAt(store.reopen(), { call: 1, when: "before" }), leaseMs: 0 });
    dead.executeWorkflow({ ...CALL, deadlineMs: 100_000 }).catch(() => undefined);
    await until(() => starts === 1);
    const other = engine();
    await pass(99_999);
    expect((await store.getExecution("e1"))?.status).toBe("running");
    await pass(1);
    await other.recoverExecutions();
    expect(await store.getExecution("e1")).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT" } });
    expect(starts).toBe(1);
  });

  it("that is not reached changes nothing, and leaves no timer", async () => {
    const { engine, clock } = newWorld(WORKFLOW, append);
    expect(await engine().executeWorkflow(CALL)).toMatchObject({ status: "completed" });
    expect(clock.nextMs).toBeUndefined();
  });

  it.each([-1, Number.NaN, 1e300, "1000"])("of %s is refused, and nothing is created", async (deadlineMs) => {
    const { engine, store } = newWorld(WORKFLOW, append);
    const { executeWorkflow, startExecution } = engine();
    const call = { ...CALL, deadlineMs: deadlineMs as number };
    await expect(executeWorkflow(call)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(startExecution(call)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await store.getExecution("e1")).toBeUndefined();
  });
});
