import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  isWorkflowError,
  type NewExecution,
  type NodeExecutor,
  suspend,
  WorkflowError,
} from "../../src/index.ts";
import { interceptStore } from "../../src/store/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

const away = () => new WorkflowError("STORE_UNAVAILABLE", "connection lost");

/** A store whose creations of running executions are made by `create`. */
function creating(
  store: CheckpointStore,
  create: (execution: NewExecution, make: () => Promise<unknown>) => Promise<unknown>,
): CheckpointStore {
  return {
    ...interceptStore(store, (_method, call) => call()),
    createExecution: (execution) => {
      const make = () => store.createExecution(execution);
      return (execution.status === "running" ? create(execution, make) : make()) as ReturnType<
        CheckpointStore["createExecution"]
      >;
    },
  };
}

const all = async (store: CheckpointStore) => (await store.listExecutions({})).items;

describe("V1 runs instead of V2", () => {
  it("if the store cannot be reached before anything is written", async () => {
    const store = interceptStore(new MemoryCheckpointStore(), () => Promise.reject(away()));
    const { rollout, ran, runs } = twoExecutors({}, { store });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
    expect(ran).toEqual(["v1"]);
    expect(runs()).toMatchObject([{ reason: "fallback", because: { code: "STORE_UNAVAILABLE" } }]);
  });

  it("if a creation took effect and its answer was lost, and its execution is then cancelled", async () => {
    const clock = new ManualClock();
    const inner = new MemoryCheckpointStore({ clock });
    const store = creating(inner, async (_execution, make) => {
      await make();
      throw away();
    });
    const { rollout, ran, engine } = twoExecutors({}, { store });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
    expect(await all(inner)).toMatchObject([{ status: "cancelled", version: 0 }]);
    clock.advance(3_600_000);
    clock.setNow(clock.now() + 3_600_000);
    expect(await engine.recoverExecutions()).toMatchObject({ resumed: 0 });
    expect(ran).toEqual(["v1"]);
  });

  it("if a creation may still arrive, and it is then refused", async () => {
    const inner = new MemoryCheckpointStore();
    const late: (() => Promise<unknown>)[] = [];
    const store = creating(inner, async (_execution, make) => {
      late.push(make);
      throw away();
    });
    const { rollout, ran } = twoExecutors({}, { store });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
    for (const make of late) await expect(make()).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS" });
    expect(await all(inner)).toMatchObject([{ status: "cancelled", currentStep: 0 }]);
    expect(ran).toEqual(["v1"]);
  });

  it("and a retry of the same call goes to V1 again", async () => {
    const inner = new MemoryCheckpointStore();
    let isAway = true;
    const store = creating(inner, async (_execution, make) => {
      if (isAway) throw away();
      return make();
    });
    const { rollout, ran } = twoExecutors({ executionId: () => "call-1" }, { store });
    await rollout.executeWorkflow(CALL);
    isAway = false;
    await rollout.executeWorkflow(CALL);
    expect(ran).toEqual(["v1", "v1"]);
  });
});

describe("V1 does not run, and the call throws,", () => {
  it("if nobody can tell whether a creation took effect", async () => {
    let isAway = false;
    const store = interceptStore(new MemoryCheckpointStore(), async (method, call) => {
      if (method === "createExecution") isAway = true;
      if (isAway) throw away();
      return call();
    });
    const { rollout, ran, runs } = twoExecutors({}, { store });
    await expect(rollout.executeWorkflow(CALL)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(ran).toEqual([]);
    expect(runs()).toMatchObject([{ executor: "v2", success: false, failure: { code: "STORE_UNAVAILABLE" } }]);
  });

  it.each([
    ["completed", { done: true }, ["v2:a", "v2:b"]],
    ["suspended", suspend(), ["v2:a"]],
  ])(
    "if another process has taken over the execution whose creation was not confirmed, and it is %s",
    async (status, result, nodes) => {
      const clock = new ManualClock();
      const inner = new MemoryCheckpointStore({ clock });
      const other = twoExecutors({}, { store: inner.reopen(), executor: () => result });
      let isFirst = true;
      const store = creating(inner, async (_execution, make) => {
        if (isFirst) {
          isFirst = false;
          await make();
          clock.setNow(clock.now() + 3_600_000);
          await other.engine.recoverExecutions();
        }
        throw away();
      });
      const { rollout, ran } = twoExecutors({}, { store });
      await expect(rollout.executeWorkflow(CALL)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(ran).toEqual([]);
      expect(other.ran).toEqual(nodes);
      expect(await all(inner)).toMatchObject([{ status }]);
    },
  );

  it("if the store goes away in mid-run", async () => {
    const store = interceptStore(new MemoryCheckpointStore(), (method, call) =>
      method === "commit" ? Promise.reject(away()) : call(),
    );
    const { rollout, ran } = twoExecutors({}, { store });
    await expect(rollout.executeWorkflow(CALL)).rejects.toSatisfy((error) => isWorkflowError(error));
    expect(ran).toEqual(["v2:a"]);
  });

  it("if the id belongs to an execution of another workflow or user", async () => {
    const { rollout, ran } = twoExecutors({ executionId: () => "shared" });
    await rollout.executeWorkflow(CALL);
    ran.length = 0;
    const call = rollout.executeWorkflow({ ...CALL, userId: "u2" });
    await expect(call).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS" });
    expect(ran).toEqual([]);
  });

  it("if a call has waited for the run of another process with the same id, and its engine drains", async () => {
    const store = new MemoryCheckpointStore();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const executor: NodeExecutor = async ({ context, node }) => {
      await released;
      return { ...context, [node.id]: true };
    };
    const [first, second] = [1, 2].map(() => twoExecutors({ executionId: () => "call-1" }, { store, executor })) as [
      ReturnType<typeof twoExecutors>,
      ReturnType<typeof twoExecutors>,
    ];
    // Both look for the execution before one of them creates it.
    const running = first.rollout.executeWorkflow(CALL);
    const waiting = second.rollout.executeWorkflow(CALL);
    const refused = expect(waiting).rejects.toMatchObject({ code: "LEASE_HELD" });
    while (first.ran.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await second.engine.drain();
    await refused;
    release();
    expect(await running).toMatchObject({ success: true, executor: "v2" });
    expect([...first.ran, ...second.ran]).toEqual(["v2:a", "v2:b"]);
  });

  it("if a call with an id goes to V2 while the store cannot be reached", async () => {
    const store = interceptStore(new MemoryCheckpointStore(), () => Promise.reject(away()));
    const { rollout, ran } = twoExecutors({ executionId: () => "call-1" }, { store });
    await expect(rollout.executeWorkflow(CALL)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(ran).toEqual([]);
  });
});

describe("a retry of a call with the same id", () => {
  it("continues the execution, also if the percentage has been lowered since", async () => {
    let fails = true;
    let percent = 100;
    const { rollout, ran, runs } = twoExecutors(
      { executionId: () => "call-1", percent: () => percent },
      {
        executor: ({ node, context }) => {
          if (node.id === "b" && fails) throw new Error("503");
          return { ...context, [node.id]: true };
        },
      },
    );
    expect(await rollout.executeWorkflow(CALL)).toMatchObject({ success: false, executionId: "call-1" });
    fails = false;
    percent = 0;
    expect(await rollout.executeWorkflow(CALL)).toMatchObject({ success: true, executor: "v2", executionId: "call-1" });
    expect(ran).toEqual(["v2:a", "v2:b", "v2:b"]);
    await rollout.settled();
    expect(runs()[1]).toMatchObject({ reason: "continued", saved: { nodes: 1, durationMs: expect.any(Number) } });
    expect(await rollout.executeWorkflow(CALL)).toMatchObject({ success: true, output: { a: true, b: true } });
    expect(ran).toHaveLength(3);
  });

  it("V1 serves a call with an id while the store cannot be reached, if the percentage says V1", async () => {
    const store = interceptStore(new MemoryCheckpointStore(), () => Promise.reject(away()));
    const { rollout } = twoExecutors({ executionId: () => "call-1", percent: 0 }, { store });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
  });
});
