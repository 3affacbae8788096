import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { importExecutionOutputs } from "../../src/migration/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

/** A promise that a test resolves. */
function newGate() {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((opened) => {
    resolve = opened;
  });
  return { promise, resolve: () => resolve() };
}

const withId = { executionId: ({ tenant }: { tenant?: string }) => tenant };
const call = { ...CALL, tenant: "r1" };

it("a call that V1 has served in this process stays with V1 when the percentage rises", async () => {
  let percent = 0;
  const { rollout, ran, runs } = twoExecutors({ ...withId, percent: () => percent });
  await rollout.executeWorkflow(call);
  percent = 100;
  expect((await rollout.executeWorkflow(call)).executor).toBe("v1");
  expect((await rollout.executeWorkflow({ ...call, tenant: "r2" })).executor).toBe("v2");
  expect(ran).toEqual(["v1", "v1", "v2:a", "v2:b"]);
  expect(runs().map(({ reason }) => reason)).toEqual(["percent", "served", "percent"]);
});

it("a call that V1 serves right now stays with V1, too", async () => {
  let percent = 0;
  const ending = newGate();
  const { rollout, ran } = twoExecutors({
    ...withId,
    percent: () => percent,
    v1: async () => {
      ran.push("v1");
      await ending.promise;
      return { success: true };
    },
  });
  const first = rollout.executeWorkflow(call);
  await expect.poll(() => ran).toEqual(["v1"]);
  percent = 100;
  const second = rollout.executeWorkflow(call);
  ending.resolve();
  expect((await Promise.all([first, second])).map(({ executor }) => executor)).toEqual(["v1", "v1"]);
});

it("servedByV1 keeps calls with V1 that another process has served, and is asked only about those that V2 would begin", async () => {
  const asked: unknown[] = [];
  let percent = 100;
  const { rollout, runs } = twoExecutors({
    ...withId,
    percent: () => percent,
    servedByV1: async ({ tenant }) => {
      asked.push(tenant);
      return tenant === "r1";
    },
  });
  expect((await rollout.executeWorkflow(call)).executor).toBe("v1");
  expect((await rollout.executeWorkflow({ ...call, tenant: "r2" })).executor).toBe("v2");
  // It is in the store now.
  expect((await rollout.executeWorkflow({ ...call, tenant: "r2" })).executor).toBe("v2");
  percent = 0;
  await rollout.executeWorkflow({ ...call, tenant: "r3" });
  await rollout.executeWorkflow(CALL);
  expect(asked).toEqual(["r1", "r2"]);
  expect(runs().map(({ reason }) => reason)).toEqual(["served", "percent", "continued", "percent", "percent"]);
});

it.each<[string, () => boolean | Promise<boolean>]>([
  [
    "throws",
    () => {
      throw new Error("table is away");
    },
  ],
  ["rejects", () => Promise.reject(new Error("table is away"))],
  ["returns nothing", () => undefined as unknown as boolean],
])("V1 serves the call if servedByV1 %s", async (_what, servedByV1) => {
  const { rollout, ran, runs } = twoExecutors({ ...withId, servedByV1 });
  expect((await rollout.executeWorkflow(call)).executor).toBe("v1");
  expect(ran).toEqual(["v1"]);
  expect(runs()).toMatchObject([{ reason: "undecided", because: { message: expect.any(String) } }]);
});

it("a call whose row of V1 was imported gets the imported result, and runs nothing", async () => {
  const store = new MemoryCheckpointStore();
  const { rollout, engine, ran } = twoExecutors(withId, { store });
  const output = { currentContext: { old: true }, currentStep: 2, totalSteps: 2 };
  const { workflowId, userId } = CALL;
  await importExecutionOutputs([{ workflowId, userId, executionId: "r1", status: "completed", output }], { engine });
  expect(await rollout.executeWorkflow(call)).toMatchObject({ success: true, output: { old: true }, executor: "v2" });
  expect(ran).toEqual([]);
});

it("calls with one id that come together are served by one executor, whatever the percentage does meanwhile", async () => {
  let reads = 0;
  const slow = newGate();
  const { rollout, ran } = twoExecutors({
    ...withId,
    percent: async () => {
      if (reads++ > 0) return 0;
      await slow.promise;
      return 100;
    },
  });
  const calls = [rollout.executeWorkflow(call), rollout.executeWorkflow(call)];
  const other = await rollout.executeWorkflow({ ...call, tenant: "r2" });
  expect(other.executor).toBe("v1");
  slow.resolve();
  expect((await Promise.all(calls)).map(({ executor }) => executor)).toEqual(["v2", "v2"]);
  expect(ran).toEqual(["v1", "v2:a", "v2:b"]);
});

it("a call that comes while V2 creates the execution of its id continues it, also if the percentage falls", async () => {
  let percent = 100;
  const creating = newGate();
  const begun = newGate();
  const store = new MemoryCheckpointStore();
  const createExecution = store.createExecution.bind(store);
  store.createExecution = async (execution) => {
    begun.resolve();
    await creating.promise;
    return createExecution(execution);
  };
  const { rollout, ran, runs } = twoExecutors({ ...withId, percent: () => percent }, { store });
  const first = rollout.executeWorkflow(call);
  await begun.promise;
  percent = 0;
  const second = rollout.executeWorkflow(call);
  creating.resolve();
  expect((await Promise.all([first, second])).map(({ executor }) => executor)).toEqual(["v2", "v2"]);
  expect(ran).toEqual(["v2:a", "v2:b"]);
  expect(runs().map(({ reason }) => reason)).toEqual(["percent", "continued"]);
});
