import { setTimeout as sleep } from "node:timers/promises";
import {
  createWorkflowEngine,
  type NodeExecutor,
  patch,
  RetryAfterError,
  suspend,
  type WorkflowEngineOptions,
} from "@waymark/core";
import { openPGlite } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PostgresCheckpointStore } from "../src/index.ts";

// One embedded server; each engine has a handle of its own, as each process would have.
const pglite = await openPGlite();
const store = PostgresCheckpointStore.from(pglite);
beforeAll(() => store.setup());
afterAll(() => pglite.close());

const workflow = {
  id: "branches",
  nodes: ["a", "b", "work", "end"].map((id) => ({ id })),
  edges: ["a", "b", "work"].map((source) => ({ source, target: "end" })),
};
const call = (executionId: string) => ({ workflowId: "branches", userId: "u1", executionId });
const engineOf = (executor: NodeExecutor, options: Partial<WorkflowEngineOptions> = {}) =>
  createWorkflowEngine({
    ...{ store: PostgresCheckpointStore.from(pglite), workflows: [workflow], executors: { default: executor } },
    ...options,
  });
const headOf = (id: string) => store.getExecution(id);
const until = async (isSo: () => Promise<boolean> | boolean) => {
  while (!(await isSo())) await sleep(5);
};

/** Nodes a and b ask, with their tokens noted; node work is the test's own. */
function asking(work: NodeExecutor = () => patch({ work: true })) {
  const tokens: Record<string, string> = {};
  const executor: NodeExecutor = (args) => {
    const { node, resume, waitToken } = args;
    if (node.id === "work") return work(args);
    if (node.id === "end") return patch({ end: true });
    if (resume !== undefined) return patch({ [node.id]: resume.timedOut ? "late" : resume.data });
    tokens[node.id] = waitToken;
    return suspend({
      reason: `ask ${node.id}`,
      payload: { at: new Date(7) },
      ...(node.id === "b" ? { forMs: 300 } : {}),
    });
  };
  return { executor, tokens };
}

describe("on PGlite", () => {
  it("waits keep their token, payload and time; one is answered, one times out by a recovery in another process", async () => {
    const { executor, tokens } = asking();
    const result = await engineOf(executor).executeWorkflow(call("waits"));
    expect(result.waiting).toMatchObject([
      { nodeId: "a", reason: "ask a", waitToken: tokens.a, payload: { at: new Date(7) } },
      { nodeId: "b", reason: "ask b", waitToken: tokens.b, until: result.wakeAt },
    ]);
    expect(await headOf("waits")).toMatchObject({ status: "suspended", waitingCount: 2 });
    const recovery = engineOf(executor).startRecovery({ intervalMs: 50 });
    const answers = engineOf(executor);
    await answers.answerWait({ waitToken: tokens.a as string, data: new Map([["yes", 1n]]) });
    await until(async () => (await headOf("waits"))?.status === "completed");
    await recovery.stop();
    const state = await answers.getExecutionState("waits");
    expect(state.getContext()).toEqual({ a: new Map([["yes", 1n]]), b: "late", work: true, end: true });
    const head = await headOf("waits");
    expect([head?.waiting, head?.waitingCount, head?.wakeAt, head?.failure]).toEqual(Array(4).fill(undefined));
    await expect(answers.answerWait({ waitToken: tokens.a as string })).rejects.toMatchObject({ code: "NOT_WAITING" });
  });

  it("an execution whose process died is completed by another one, with an answer that came in between", async () => {
    let starts = 0;
    const { executor, tokens } = asking(() => {
      starts += 1;
      return starts === 1 ? new Promise<never>(() => undefined) : patch({ work: true });
    });
    void engineOf(executor, { leaseMs: 0 }).executeWorkflow(call("crashed"));
    await until(() => starts === 1);
    const other = engineOf(executor);
    await other.answerWait({ waitToken: tokens.a as string, data: "yes" });
    expect(await headOf("crashed")).toMatchObject({ status: "running" });
    const recovery = other.startRecovery({ intervalMs: 50 });
    await until(async () => (await headOf("crashed"))?.status === "completed");
    await recovery.stop();
    const state = await other.getExecutionState("crashed");
    expect(state.getContext()).toMatchObject({ a: "yes", work: true });
    expect(state.getCheckpoints().find(({ nodeId }) => nodeId === "work")).toMatchObject({ attempt: 2 });
  });

  it.each([
    ["fails with onCrash fail", { retry: { onCrash: "fail" } }, "NODE_CRASHED", 1],
    ["fails after its recoveries", { maxRecoveries: 2 }, "RECOVERY_LIMIT", 3],
  ] as const)("a node that kills its process %s", async (what, options, code, times) => {
    let starts = 0;
    const { executor } = asking(() => {
      starts += 1;
      return new Promise<never>(() => undefined);
    });
    void engineOf(executor, { ...options, leaseMs: 0 }).executeWorkflow(call(what));
    for (let process = 1; process <= times; process++) {
      await until(() => starts === process);
      void engineOf(executor, { ...options, leaseMs: 0 }).recoverExecutions();
    }
    await until(async () => (await headOf(what))?.status === "failed");
    expect(await headOf(what)).toMatchObject({ failure: { code, nodeId: "work", attempts: times } });
    expect(starts).toBe(times);
  });

  it("a wait for the next attempt is kept with its failure, also by a run that stops again before it", async () => {
    const { executor } = asking(() => {
      throw new RetryAfterError("429", { retryAfterMs: 3_600_000 });
    });
    const { executeWorkflow, resumeWorkflow, cancelExecution } = engineOf(executor, { retry: { maxAttempts: 2 } });
    const { wakeAt } = await executeWorkflow({ ...call("kept"), budgetMs: 60_000 });
    const signal = AbortSignal.timeout(50);
    const again = await resumeWorkflow({ executionId: "kept", signal });
    expect(again).toMatchObject({ status: "pending", wakeAt, failure: { message: "429" } });
    expect(await headOf("kept")).toMatchObject({ status: "pending", failure: { message: "429" } });
    await cancelExecution({ executionId: "kept" });
    expect((await headOf("kept"))?.wakeAt).toBeUndefined();
  });

  it("60 executions that are due at once are run by 4 processes, and none of them twice", async () => {
    const starts = new Map<string, number>();
    const executor: NodeExecutor = async ({ executionId, node, context }) => {
      if (node.id === "a") starts.set(executionId, (starts.get(executionId) ?? 0) + 1);
      await sleep(1);
      return context;
    };
    const { startExecution } = engineOf(executor);
    const ids = Array.from({ length: 60 }, (_, each) => `due${each}`);
    for (const id of ids) await startExecution(call(id));
    const recoveries = [0, 1, 2, 3].map(() => engineOf(executor).startRecovery({ intervalMs: 50, concurrency: 4 }));
    await until(async () => {
      const { items } = await store.listExecutions({ status: ["completed"], limit: 500 });
      return items.filter(({ id }) => id.startsWith("due")).length === 60;
    });
    await Promise.all(recoveries.map((recovery) => recovery.stop()));
    expect([...starts.values()]).toEqual(ids.map(() => 1));
  });

  it("a cancel by the same engine ends a run at once, one by another at its next renewal", async () => {
    for (const whose of ["own", "other"]) {
      let hasBegun = false;
      const { executor } = asking(() => {
        hasBegun = true;
        return new Promise<never>(() => undefined);
      });
      const engine = engineOf(executor, { leaseMs: 300 });
      const run = engine.executeWorkflow(call(`cancel-${whose}`));
      await until(() => hasBegun);
      const canceller = whose === "own" ? engine : engineOf(executor);
      await canceller.cancelExecution({ executionId: `cancel-${whose}`, reason: "why" });
      expect(await run).toMatchObject({ status: "cancelled", error: "The execution was cancelled: why" });
    }
  });
});
