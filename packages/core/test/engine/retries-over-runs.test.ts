import { describe, expect, it } from "vitest";
import {
  type NodeExecutor,
  patch,
  RetryAfterError,
  type RetryPolicy,
  suspend,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(1);
const CALL = callOf(WORKFLOW);

/** Node "retry" is defined first, and is ready only once "ask" waits. */
const RETRY_FIRST: WorkflowDefinition = {
  id: "retry-first",
  nodes: ["retry", "ask", "before", "end"].map((id) => ({ id })),
  edges: [
    { source: "before", target: "retry" },
    { source: "retry", target: "end" },
    { source: "ask", target: "end" },
  ],
};

/** A node that fails as often as it is told to, with the times at which it was called. */
function setUp(retry: RetryPolicy, { times = Number.POSITIVE_INFINITY, error = () => new Error("503") } = {}) {
  const calls: { attempt: number; atMs: number }[] = [];
  const executor: NodeExecutor = (args) => {
    calls.push({ attempt: args.attempt, atMs: world.clock.elapsed() });
    if (calls.length <= times) throw error();
    return append(args);
  };
  const world = newWorld(WORKFLOW, executor, { retry });
  return { ...world, calls };
}

describe("attempts under budgets that cut each wait", () => {
  it("are counted over all runs: three calls, then failed", async () => {
    const { engine, toEnd, pass, calls } = setUp({ maxAttempts: 3, backoffMs: 1_000, jitter: 0 });
    const { executeWorkflow, resumeWorkflow } = engine();
    let result = await toEnd(executeWorkflow({ ...CALL, budgetMs: 500 }));
    expect(result).toMatchObject({ status: "pending", failure: { message: "503", attempts: 1 } });
    for (let run = 0; run < 20 && result.status === "pending"; run++) {
      await pass(300);
      result = await toEnd(resumeWorkflow({ executionId: "e1", budgetMs: 500 }));
    }
    expect(result).toMatchObject({ status: "failed", failure: { message: "503", attempts: 3 } });
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(calls[1]?.atMs).toBeGreaterThanOrEqual(1_000);
    expect((calls[2]?.atMs ?? 0) - (calls[1]?.atMs ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  it("are counted over crashes too, and the waits between them are kept", async () => {
    const { engine, toEnd, store, calls } = setUp({ maxAttempts: 3, backoffMs: 20_000, jitter: 0 });
    for (let run = 0; run < 2; run++) {
      const failed = new Promise<void>((resolve) => {
        const onEvent = ({ type }: { type: string }) => void (type === "node.failed" && resolve());
        const dying = engine({ leaseMs: 0, onEvent });
        void (run === 0 ? dying.executeWorkflow(CALL) : dying.resumeWorkflow({ executionId: "e1" }));
      });
      await toEnd(failed);
    }
    expect((await store.getExecution("e1"))?.status).toBe("running");
    const result = await toEnd(engine().resumeWorkflow({ executionId: "e1" }));
    expect(result).toMatchObject({ status: "failed", failure: { attempts: 3 } });
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(calls.map(({ atMs }) => atMs)).toEqual([0, 20_000, 60_000]);
  });

  it("begin anew once somebody resumes the failed execution, and their numbers go on", async () => {
    const { engine, toEnd, calls, store } = setUp({ maxAttempts: 2, backoffMs: 10 }, { times: 3 });
    const { executeWorkflow, resumeWorkflow } = engine();
    expect(await toEnd(executeWorkflow(CALL))).toMatchObject({ status: "failed", failure: { attempts: 2 } });
    expect((await store.getExecution("e1"))?.wakeAt).toBeUndefined();
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    expect(calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  it("that an abort has cut off have not failed: their numbers are used, and the policy counts without them", async () => {
    const attempts: number[] = [];
    const executor: NodeExecutor = ({ attempt, context }) => {
      attempts.push(attempt);
      if (attempt <= 2) return new Promise<never>(() => undefined);
      if (attempt <= 4) throw new Error("503");
      return context;
    };
    const { engine, toEnd } = newWorld(WORKFLOW, executor, { retry: { maxAttempts: 3, backoffMs: 10 } });
    const { executeWorkflow, resumeWorkflow } = engine();
    for (let run = 0; run < 2; run++) {
      const controller = new AbortController();
      const { signal } = controller;
      const cut = run === 0 ? executeWorkflow({ ...CALL, signal }) : resumeWorkflow({ executionId: "e1", signal });
      await until(() => attempts.length === run + 1);
      controller.abort();
      expect(await toEnd(cut)).toMatchObject({ status: "pending" });
    }
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
  });
});

describe("a wait of a minute for the next attempt", () => {
  const minute = { error: () => new RetryAfterError("429", { retryAfterMs: 60_000 }) };

  it.each([1, 2])(
    "is kept by a run that is stopped before it begins, with %d nodes at a time",
    async (nodeConcurrency) => {
      const executor: NodeExecutor = () => {
        throw minute.error();
      };
      const both = branches("a", "b");
      const { engine, toEnd, store } = newWorld(both, executor, { retry: { maxAttempts: 3 } });
      const { executeWorkflow, resumeWorkflow } = engine();
      const { wakeAt } = await toEnd(executeWorkflow({ ...callOf(both), nodeConcurrency, budgetMs: 10_000 }));
      const again = await toEnd(resumeWorkflow({ executionId: "e1", signal: AbortSignal.abort() }));
      expect(again).toMatchObject({ status: "pending", wakeAt, failure: { message: "429" } });
      expect(await store.getExecution("e1")).toMatchObject({
        wakeAt: Date.parse(wakeAt as string),
        failure: { message: "429" },
      });
    },
  );

  it("is on record in head, result and listing, with the last failure", async () => {
    const { engine, toEnd, store, clock } = setUp({ maxAttempts: 3 }, minute);
    const { executeWorkflow, listExecutions } = engine();
    const wakeAt = new Date(clock.now() + 60_000).toISOString();
    const result = await toEnd(executeWorkflow({ ...CALL, budgetMs: 500 }));
    const failure = { message: "429", nodeId: "n1", attempts: 1 };
    expect(result).toMatchObject({ status: "pending", success: false, canResume: true, wakeAt, failure });
    expect(result.error).toBeUndefined();
    expect((await listExecutions()).items).toMatchObject([{ status: "pending", wakeAt, failure }]);
    expect(await store.getExecution("e1")).toMatchObject({ wakeAt: Date.parse(wakeAt), failure });
  });

  it("is kept by any number of resumes and recoveries: no call before its time", async () => {
    const { engine, toEnd, pass, store, calls } = setUp({ maxAttempts: 3 }, { ...minute, times: 1 });
    const { executeWorkflow, resumeWorkflow, recoverExecutions } = engine();
    await toEnd(executeWorkflow({ ...CALL, budgetMs: 500 }));
    const before = await store.getExecution("e1");
    for (let run = 0; run < 20; run++) {
      expect(await resumeWorkflow({ executionId: "e1", budgetMs: 500 })).toMatchObject({ status: "pending" });
      expect(await recoverExecutions()).toEqual({ resumed: 0, left: [] });
      await pass(2_900);
    }
    expect(await store.getExecution("e1")).toMatchObject({ version: before?.version, wakeAt: before?.wakeAt });
    expect(calls).toHaveLength(1);
    await pass(2_000);
    expect(await toEnd(recoverExecutions())).toEqual({ resumed: 1, left: [] });
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
    expect((await store.getExecution("e1"))?.failure).toBeUndefined();
    expect((await store.getExecution("e1"))?.wakeAt).toBeUndefined();
  });

  it("is waited for by a run whose budget allows it, and by one without a budget", async () => {
    for (const budget of [{}, { budgetMs: 61_000 }]) {
      const { engine, toEnd, calls } = setUp({ maxAttempts: 2 }, { ...minute, times: 1 });
      expect(await toEnd(engine().executeWorkflow({ ...CALL, ...budget }))).toMatchObject({ status: "completed" });
      expect(calls.map(({ atMs }) => atMs)).toEqual([0, 60_000]);
    }
  });

  it("that is stopped a second time still shows the failure it follows", async () => {
    const { engine, toEnd, store } = setUp({ maxAttempts: 3 }, minute);
    const { executeWorkflow, resumeWorkflow } = engine();
    const { wakeAt } = await toEnd(executeWorkflow({ ...CALL, budgetMs: 500 }));
    const controller = new AbortController();
    const waiting = resumeWorkflow({ executionId: "e1", signal: controller.signal });
    await settle();
    expect((await store.getExecution("e1"))?.status).toBe("running");
    controller.abort();
    expect(await toEnd(waiting)).toMatchObject({ status: "pending", wakeAt, failure: { message: "429" } });
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", failure: { message: "429" } });
  });

  it.each([1, 2])(
    "does not hold up a wait whose time is over before (nodeConcurrency: %d)",
    async (nodeConcurrency) => {
      const executor: NodeExecutor = ({ node, resume }) => {
        if (node.id === "retry") throw minute.error();
        return resume === undefined ? suspend({ forMs: 5_000 }) : patch({ timedOut: resume.timedOut });
      };
      const workflow = branches("ask", "retry");
      const { engine, toEnd, pass, store } = newWorld(workflow, executor, {
        retry: { maxAttempts: 3 },
        nodeConcurrency,
      });
      const call = { ...callOf(workflow), budgetMs: 500 };
      const { wakeAt } = await toEnd(engine().executeWorkflow(call));
      const head = await store.getExecution("e1");
      expect([head?.status, head?.wakeAt, (head?.wakeAt ?? 0) - (head?.readAt ?? 0)]).toEqual([
        "pending",
        Date.parse(wakeAt ?? ""),
        5_000,
      ]);
      await pass(5_000);
      await toEnd(engine().recoverExecutions());
      const later = await store.getExecution("e1");
      expect([later?.status, (later?.wakeAt ?? 0) - (later?.readAt ?? 0)]).toEqual(["pending", 55_000]);
      expect(later?.waiting).toBeUndefined();
    },
  );

  it("that a RetryAfterError asks for is a day at most", async () => {
    const week = () => new RetryAfterError("429", { retryAfterMs: 7 * 86_400_000 });
    const { engine, toEnd, clock } = setUp({ maxAttempts: 2 }, { error: week });
    const wakeAt = new Date(clock.now() + 86_400_000).toISOString();
    expect(await toEnd(engine().executeWorkflow({ ...CALL, budgetMs: 10 }))).toMatchObject({ wakeAt });
  });

  it.each<[string, WorkflowDefinition]>([
    ["before", branches("ask", "retry")],
    ["after", RETRY_FIRST],
  ])("is kept if a node that is defined %s it is answered meanwhile", async (_where, workflow) => {
    let token = "";
    let calls = 0;
    const executor: NodeExecutor = ({ node, resume, waitToken }) => {
      if (node.id === "ask" && resume === undefined) {
        token = waitToken;
        return suspend();
      }
      if (node.id === "retry") calls += 1;
      if (node.id === "retry" && calls < 3)
        throw new RetryAfterError("429", { retryAfterMs: calls === 1 ? 0 : 60_000 });
      return patch({ [node.id]: resume?.data ?? true });
    };
    const { engine, toEnd, pass, store, clock } = newWorld(workflow, executor, { retry: { maxAttempts: 3 } });
    const { executeWorkflow, answerWait, recoverExecutions, getExecutionState } = engine();
    await toEnd(executeWorkflow({ ...callOf(workflow), budgetMs: 500 }));
    const { wakeAt = 0 } = (await store.getExecution("e1")) ?? {};
    expect(wakeAt - clock.now()).toBe(60_000);
    await answerWait({ waitToken: token, data: "yes" });
    await toEnd(recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", wakeAt, failure: { message: "429" } });
    expect(calls).toBe(2);
    await pass(60_000);
    await toEnd(recoverExecutions());
    expect((await getExecutionState("e1")).getContext()).toMatchObject({ ask: "yes", retry: true, end: true });
  });
});

describe("a retry policy", () => {
  const codes = (code: string) => Object.assign(new TypeError("no"), { code });

  it.each([
    ["an error's name", ["TypeError"], 2],
    ["an error's own code", ["ECONNRESET"], 2],
    ["the engine's code", ["NODE_FAILED"], 2],
    ["none of them", ["RangeError", "EPIPE"], 1],
    ["nothing", [], 1],
  ])("that names %s tries only what it names", async (_what, retryOn, attempts) => {
    const policy = { maxAttempts: 2, backoffMs: 1, retryOn };
    const { engine, toEnd, calls } = setUp(policy, { error: () => codes("ECONNRESET") });
    expect(await toEnd(engine().executeWorkflow(CALL))).toMatchObject({ status: "failed" });
    expect(calls).toHaveLength(attempts);
  });

  it("with jitter waits no longer than its backoff, and no shorter than its share", async () => {
    for (let run = 0; run < 20; run++) {
      const { engine, toEnd, calls } = setUp({ maxAttempts: 2, backoffMs: 1_000, jitter: 0.5 }, { times: 1 });
      await toEnd(engine().executeWorkflow(CALL));
      const waitMs = (calls[1]?.atMs ?? 0) - (calls[0]?.atMs ?? 0);
      expect(waitMs).toBeGreaterThanOrEqual(500);
      expect(waitMs).toBeLessThanOrEqual(1_001);
    }
  });
});
