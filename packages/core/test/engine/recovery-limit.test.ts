import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { until } from "./turns.ts";
import { callOf, newWorld, type World } from "./world.ts";

const WORKFLOW = chain(3);

/** A node that kills each process it runs in, until it is mended. */
function killer(at = "n2") {
  const started: number[] = [];
  const state = { isMended: false };
  const executor: NodeExecutor = (args) => {
    if (args.node.id !== at || state.isMended) return append(args);
    started.push(args.attempt);
    return new Promise<never>(() => undefined);
  };
  return { started, state, executor };
}

/** Lets one process after the other take the execution over and die in the node. */
async function dieAgain({ engine }: World, started: number[], times: number, maxRecoveries?: number): Promise<void> {
  const options = { leaseMs: 0, ...(maxRecoveries === undefined ? {} : { maxRecoveries }) };
  for (let process = 0; process < times; process++) {
    const before = started.length;
    void engine(options).recoverExecutions();
    await until(() => started.length > before);
  }
}

describe("an execution with a node that kills its process every time", () => {
  it("fails with RECOVERY_LIMIT, naming the node and how often it was started, and is left alone then", async () => {
    const { started, executor, state } = killer();
    const world = newWorld(WORKFLOW, executor);
    const { engine, store, toEnd } = world;
    void engine({ leaseMs: 0 }).executeWorkflow(callOf(WORKFLOW));
    await until(() => started.length === 1);
    await dieAgain(world, started, 5);
    expect(await engine().recoverExecutions()).toEqual({ resumed: 1, left: [] });
    expect(started).toEqual([1, 2, 3, 4, 5, 6]);
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({
      status: "failed",
      failure: { code: "RECOVERY_LIMIT", nodeId: "n2", nodeName: "default", attempts: 6 },
    });
    expect(head?.failure?.message).toContain('"n2"');
    expect(head?.failure?.message).toContain("6 times");
    expect(head?.wakeAt).toBeUndefined();
    expect(await engine().recoverExecutions()).toEqual({ resumed: 0, left: [] });
    const checkpoints = (await engine().getExecutionState("e1")).getCheckpoints();
    expect(checkpoints.at(-1)).toMatchObject({ nodeId: "n2", attempt: 6, error: { code: "RECOVERY_LIMIT" } });
    // By hand it may be tried again, with as many recoveries as before.
    state.isMended = true;
    expect(await toEnd(engine().resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
  });

  it.each([1, 2, 7])("is started once, and again as often as maxRecoveries says: %d", async (maxRecoveries) => {
    const { started, executor } = killer();
    const world = newWorld(WORKFLOW, executor);
    void world.engine({ leaseMs: 0 }).executeWorkflow(callOf(WORKFLOW));
    await until(() => started.length === 1);
    await dieAgain(world, started, maxRecoveries, maxRecoveries);
    const result = await world.engine({ maxRecoveries }).resumeWorkflow({ executionId: "e1" });
    expect(result).toMatchObject({
      status: "failed",
      failure: { code: "RECOVERY_LIMIT", attempts: maxRecoveries + 1 },
    });
    expect(started).toHaveLength(maxRecoveries + 1);
  });
});

describe("the count of recoveries", () => {
  it("begins anew with each committed checkpoint: a long execution may crash often", async () => {
    const long = chain(20);
    let starts = 0;
    const executor: NodeExecutor = (args) => {
      starts += 1;
      return args.attempt === 1 ? new Promise<never>(() => undefined) : append(args);
    };
    const { engine, store } = newWorld(long, executor);
    void engine({ leaseMs: 0 }).executeWorkflow(callOf(long));
    await until(() => starts === 1);
    for (let process = 0; process < 20; process++) {
      const before = starts;
      void engine({ leaseMs: 0, maxRecoveries: 1 }).resumeWorkflow({ executionId: "e1" });
      await until(() => starts === before + (process === 19 ? 1 : 2));
    }
    await until(() => true);
    expect(await engine().recoverExecutions()).toMatchObject({ left: [] });
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed", currentStep: 20 });
  });

  it("is not raised by runs that end by themselves, however often they are resumed", async () => {
    const { engine, store, clock } = newWorld(WORKFLOW, append);
    const { startExecution, recoverExecutions } = engine({ maxRecoveries: 1 });
    await startExecution(callOf(WORKFLOW));
    for (let pass = 0; pass < 10; pass++) {
      expect(await recoverExecutions({ budgetMs: 0 })).toEqual({ resumed: 0, left: [] });
      clock.advance(1);
    }
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", recoveries: 0 });
    expect(await recoverExecutions()).toEqual({ resumed: 1, left: [] });
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("does not end an execution in which only waits are left", async () => {
    let token = "";
    const executor: NodeExecutor = ({ resume, waitToken, context }) => {
      token = waitToken;
      return resume === undefined ? suspend() : context;
    };
    const { engine, store } = newWorld(chain(1), executor);
    await engine().executeWorkflow(callOf(chain(1)));
    // Processes that claim it for an answer, and die before they keep it.
    for (let process = 0; process < 10; process++) {
      await store.claimExecution("e1", {
        claimId: `c${process}`,
        owner: "o",
        leaseMs: 0,
        from: ["suspended", "running"],
      });
    }
    expect((await store.getExecution("e1"))?.recoveries).toBeGreaterThan(5);
    expect(await engine().recoverExecutions()).toEqual({ resumed: 1, left: [] });
    expect((await store.getExecution("e1"))?.status).toBe("suspended");
    await engine().answerWait({ waitToken: token, data: 1 });
    await engine().recoverExecutions();
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });
});
