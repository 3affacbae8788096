import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import type { StopReason } from "../../src/migration/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

const failing = () => Promise.reject(new Error("no stock"));

it("a rollout stops when enough runs of V2 fail, calls onStop once, and sends all later calls to V1", async () => {
  const reasons: StopReason[] = [];
  const { rollout, ran, outcomes, runs } = twoExecutors(
    { stopIf: { errorRate: 0.5 }, onStop: (reason) => void reasons.push(reason), overrides: { users: { u9: "v2" } } },
    { executor: failing },
  );
  for (let i = 0; i < 20; i++) {
    expect(rollout.stopped).toBeUndefined();
    await rollout.executeWorkflow(CALL);
  }
  expect(rollout.stopped).toEqual({ limit: "errorRate", value: 1, allowed: 0.5 });
  expect(reasons).toEqual([rollout.stopped]);
  ran.length = 0;
  for (const userId of ["u1", "u9"]) {
    expect((await rollout.executeWorkflow({ ...CALL, userId })).executor).toBe("v1");
  }
  expect(ran).toEqual(["v1", "v1"]);
  expect(reasons).toHaveLength(1);
  expect(outcomes.filter(({ kind }) => kind === "stop")).toMatchObject([{ limit: "errorRate", value: 1 }]);
  expect(runs().at(-1)?.reason).toBe("stopped");
});

it("a rollout does not stop for failures below the rate, or among fewer than 20 runs", async () => {
  const { rollout } = twoExecutors(
    { stopIf: { errorRate: 0.5 } },
    { executor: ({ context }) => (Number(context.n) % 3 === 0 ? failing() : context) },
  );
  for (let n = 0; n < 60; n++) await rollout.executeWorkflow({ ...CALL, initialData: { n } });
  expect(rollout.stopped).toBeUndefined();
});

it("a rollout stops when the time beside the executors is too long", async () => {
  const { rollout } = twoExecutors({ stopIf: { overheadMs: Number.MIN_VALUE } });
  for (let i = 0; i < 19; i++) await rollout.executeWorkflow(CALL);
  expect(rollout.stopped).toBeUndefined();
  await rollout.executeWorkflow(CALL);
  expect(rollout.stopped).toMatchObject({ limit: "overheadMs", allowed: Number.MIN_VALUE });
});

it("a rollout that has stopped continues executions that it has begun", async () => {
  let fails = true;
  const { rollout, ran } = twoExecutors(
    { stopIf: { errorRate: 0.5 }, executionId: (call) => call.tenant },
    { executor: ({ context }) => (fails ? failing() : context) },
  );
  for (let i = 0; i < 20; i++) await rollout.executeWorkflow({ ...CALL, tenant: `call-${i}` });
  fails = false;
  ran.length = 0;
  expect(await rollout.executeWorkflow({ ...CALL, tenant: "call-3" })).toMatchObject({ success: true, executor: "v2" });
  expect(ran).toEqual(["v2:a", "v2:b"]);
});

it("an onStop that fails harms no call", async () => {
  const onStop = () => {
    throw new Error("pager is down");
  };
  const { rollout } = twoExecutors({ stopIf: { errorRate: 0.5 }, onStop }, { executor: failing });
  for (let i = 0; i < 25; i++) await rollout.executeWorkflow(CALL);
  expect(rollout.stopped).toBeDefined();
});

it("calls that are wrong, cancelled or aborted by their callers stop no rollout", async () => {
  const { rollout, engine } = twoExecutors({ stopIf: { errorRate: 0.05 }, executionId: (call) => call.tenant });
  await rollout.executeWorkflow({ ...CALL, tenant: "theirs" });
  for (let i = 0; i < 25; i++) {
    const wrong = rollout.executeWorkflow({ ...CALL, userId: "u2", tenant: "theirs" });
    await expect(wrong).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS" });
    await rollout.executeWorkflow({ ...CALL, userId: 5 as unknown as string });
    const aborted = { ...CALL, tenant: `aborted-${i}`, signal: AbortSignal.abort() };
    await rollout.executeWorkflow(aborted);
    await engine.cancelExecution({ executionId: `aborted-${i}` });
    await rollout.executeWorkflow({ ...CALL, tenant: `aborted-${i}` });
  }
  expect(rollout.stopped).toBeUndefined();
});

it("fallbacks of V2 stop a rollout", async () => {
  const { rollout } = twoExecutors({ stopIf: { errorRate: 0.5 } }, { workflows: [] });
  for (let i = 0; i < 20; i++) expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
  expect(rollout.stopped).toEqual({ limit: "errorRate", value: 1, allowed: 0.5 });
});

it("a failing call that is tried again and again counts once", async () => {
  const options = { stopIf: { errorRate: 0.5 }, executionId: (call: { tenant?: string }) => call.tenant };
  const { rollout } = twoExecutors(options, { executor: ({ context }) => (context.bad ? failing() : context) });
  for (let i = 0; i < 19; i++) await rollout.executeWorkflow({ ...CALL, tenant: `good-${i}` });
  const bad = { ...CALL, initialData: { n: 1, bad: true }, tenant: "bad" };
  for (let i = 0; i < 50; i++) await rollout.executeWorkflow(bad);
  expect(rollout.stopped).toBeUndefined();
});

it("outcomes are JSON, and name the work of nodes and checkpoints, also of a recovery", async () => {
  const { rollout, engine, outcomes, runs, store } = twoExecutors();
  await rollout.executeWorkflow(CALL);
  await engine.startExecution({ ...CALL, executionId: "started" });
  await engine.recoverExecutions();
  await rollout.settled();
  expect(JSON.parse(JSON.stringify(outcomes))).toEqual(outcomes);
  expect(store).toBeInstanceOf(MemoryCheckpointStore);
  const work = {
    nodes: [
      { nodeId: "a", nodeType: "default", runs: 1, durationMs: expect.any(Number) },
      { nodeId: "b", nodeType: "default", runs: 1, durationMs: expect.any(Number) },
    ],
    checkpoints: { count: expect.any(Number), bytes: expect.any(Number), durationMs: expect.any(Number) },
  };
  expect(runs()).toMatchObject([
    { executor: "v2", reason: "percent", key: "w1", success: true, status: "completed", ...work },
    { executor: "v2", reason: "recovery", executionId: "started", success: true, status: "completed", ...work },
  ]);
  expect(runs()[0]?.checkpoints?.bytes).toBeGreaterThan(20);
});
