import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, type RetryPolicy, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { chain } from "./chain.ts";
import { until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

/**
 * An execution whose process has died in node `at`: the first attempt of it never ends. The node before it asks, if its
 * workflow has one named `ask`.
 */
async function crashed(
  workflow: WorkflowDefinition,
  { at, retry = {}, answer }: { at: string; retry?: RetryPolicy; answer?: "live" },
) {
  const seen: { attempt: number; visit: number; idempotencyKey: string }[] = [];
  let token = "";
  const executor: NodeExecutor = ({ node, attempt, visit, idempotencyKey, resume, waitToken }) => {
    if (node.id === "ask" && resume === undefined) {
      token = waitToken;
      return suspend();
    }
    if (node.id === at) {
      seen.push({ attempt, visit, idempotencyKey });
      if (seen.length === 1) return new Promise<never>(() => undefined);
    }
    return patch({ [node.id]: resume?.data ?? true });
  };
  const world = newWorld(workflow, executor, { retry });
  // Its process is never heard of again, so its lease is over at once.
  const dying = world.engine({ leaseMs: 0 });
  void dying.executeWorkflow(callOf(workflow));
  await until(() => seen.length === 1);
  if (answer === "live") await dying.answerWait({ waitToken: token, data: "yes" });
  return { ...world, seen, token };
}

describe("an execution whose process died in a node", () => {
  it("is completed by a recovery without a retry policy: the node starts again, as the same visit", async () => {
    const { engine, seen, toEnd } = await crashed(chain(3), { at: "n2" });
    const { recoverExecutions, getExecutionState } = engine();
    expect(await toEnd(recoverExecutions())).toEqual({ resumed: 1, left: [] });
    const state = await getExecutionState("e1");
    expect(state.getStatus()).toBe("completed");
    expect(state.getCheckpoints().map(({ nodeId, attempt }) => [nodeId, attempt])).toEqual([
      ["n1", 1],
      ["n2", 2],
      ["n3", 1],
    ]);
    expect(seen.map(({ attempt, visit }) => [attempt, visit])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it("has its failed attempts counted without the one that was cut off", async () => {
    let attempts: number[] = [];
    const executor: NodeExecutor = ({ attempt, context }) => {
      attempts = [...attempts, attempt];
      if (attempts.length === 1) return new Promise<never>(() => undefined);
      if (attempts.length < 4) throw new Error("503");
      return context;
    };
    const { engine, toEnd } = newWorld(chain(1), executor, { retry: { maxAttempts: 3, backoffMs: 10 } });
    void engine({ leaseMs: 0 }).executeWorkflow(callOf(chain(1)));
    await until(() => attempts.length === 1);
    expect(await toEnd(engine().resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    expect(attempts).toEqual([1, 2, 3, 4]);
  });

  it('fails with onCrash "fail", naming the node, which is not started again', async () => {
    const { engine, seen, toEnd, events } = await crashed(chain(3), { at: "n2", retry: { onCrash: "fail" } });
    const { recoverExecutions, getExecutionState, resumeWorkflow } = engine();
    expect(await toEnd(recoverExecutions())).toEqual({ resumed: 1, left: [] });
    expect(seen).toHaveLength(1);
    const state = await getExecutionState("e1");
    expect(state.getStatus()).toBe("failed");
    expect(state.getFailure()).toMatchObject({ code: "NODE_CRASHED", nodeId: "n2", attempts: 1 });
    expect(state.getCheckpoints().map(({ nodeId, error }) => [nodeId, error !== undefined])).toEqual([
      ["n1", false],
      ["n2", true],
    ]);
    expect(events.some(({ type }) => type === "execution.failed")).toBe(true);
    // A person has looked at it, and resumes it.
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it("is resumed by hand with the same result, and the call says what happened", async () => {
    const { engine, toEnd } = await crashed(chain(1), { at: "n1", retry: { onCrash: "fail" } });
    const { resumeWorkflow } = engine();
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({
      success: false,
      status: "failed",
      error: expect.stringContaining('"n1"'),
      failure: { code: "NODE_CRASHED" },
      canResume: true,
    });
    const thrown = await toEnd(resumeWorkflow({ executionId: "e1", throwOnFailure: true }));
    expect(thrown).toMatchObject({ status: "completed" });
  });

  it.each([
    ["the node's policy over the engine's", { onCrash: "fail" }, { onCrash: "retry" }, "completed"],
    ["the engine's if the node has none", { onCrash: "fail" }, undefined, "failed"],
    ["the engine's if the node's does not say", { onCrash: "fail" }, { maxAttempts: 2 }, "failed"],
    ["the node's alone", {}, { onCrash: "fail" }, "failed"],
  ] as const)("is treated by %s", async (_what, retry, own, status) => {
    const workflow: WorkflowDefinition = {
      ...chain(1),
      nodes: [{ id: "n1", ...(own === undefined ? {} : { retry: own }) }],
    };
    const { engine, toEnd } = await crashed(workflow, { at: "n1", retry });
    expect(await toEnd(engine().resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status });
  });

  describe.each([
    ["while the process lived", "live"],
    ["after it had died", undefined],
  ] as const)("and one of whose waits was answered %s", (_what, answer) => {
    it('with onCrash "fail" has the node in flight as its failure, not the one that was answered', async () => {
      const retry: RetryPolicy = { onCrash: "fail" };
      const world = await crashed(branches("ask", "once"), { at: "once", retry, ...(answer && { answer }) });
      const { engine, seen, token, toEnd, store } = world;
      const { answerWait, recoverExecutions, resumeWorkflow } = engine();
      if (answer === undefined) await answerWait({ waitToken: token, data: "yes" });
      expect(await store.getExecution("e1")).toMatchObject({ status: "running" });
      await toEnd(recoverExecutions());
      expect(await store.getExecution("e1")).toMatchObject({
        status: "failed",
        failure: { code: "NODE_CRASHED", nodeId: "once", attempts: 1 },
      });
      expect(seen).toHaveLength(1);
      expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({
        status: "completed",
        output: { ask: "yes", once: true },
      });
    });

    it("is completed with the answer, and no attempt has the number of another", async () => {
      const world = await crashed(branches("ask", "work"), { at: "work", ...(answer && { answer }) });
      const { engine, seen, token, toEnd } = world;
      const { answerWait, recoverExecutions, getExecutionState } = engine();
      if (answer === undefined) await answerWait({ waitToken: token, data: "yes" });
      expect(await toEnd(recoverExecutions())).toEqual({ resumed: 1, left: [] });
      const state = await getExecutionState("e1");
      expect(state.getStatus()).toBe("completed");
      expect(state.getContext()).toMatchObject({ ask: "yes" });
      expect(state.getCheckpoints().map(({ nodeId, attempt }) => [nodeId, attempt])).toEqual([
        ["ask", 1],
        ["work", 2],
        ["end", 1],
      ]);
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it("and that dies again knows by then which node was in flight", async () => {
      const retry: RetryPolicy = { onCrash: "retry" };
      const world = await crashed(branches("ask", "work"), { at: "work", retry, ...(answer && { answer }) });
      const { engine, token, store, toEnd } = world;
      if (answer === undefined) await engine().answerWait({ waitToken: token, data: "yes" });
      let hasBegun = false;
      const executors = {
        default: () => {
          hasBegun = true;
          return new Promise<never>(() => undefined);
        },
      };
      // Node "ask" comes first, and has its answer: the second process dies in it.
      void engine({ leaseMs: 0, executors }).resumeWorkflow({ executionId: "e1" });
      await until(() => hasBegun);
      expect((await store.getExecution("e1"))?.status).toBe("running");
      const last = engine({ retry: { onCrash: "fail" } });
      const failed = await toEnd(last.resumeWorkflow({ executionId: "e1" }));
      expect(failed).toMatchObject({ status: "failed", failure: { code: "NODE_CRASHED", nodeId: "ask" } });
    });
  });

  it("while the node waited for its next attempt has not crashed in it: the wait is kept", async () => {
    let attempts: number[] = [];
    const executor: NodeExecutor = ({ attempt, context }) => {
      attempts = [...attempts, attempt];
      if (attempt === 1) throw new Error("503");
      return context;
    };
    const retry: RetryPolicy = { maxAttempts: 2, backoffMs: 60_000, jitter: 0, onCrash: "fail" };
    const { engine, toEnd, store, clock } = newWorld(chain(1), executor, { retry });
    const waiting = new Promise<void>((resolve) => {
      const onEvent = ({ type }: { type: string }) => void (type === "node.failed" && resolve());
      void engine({ leaseMs: 0, onEvent }).executeWorkflow(callOf(chain(1)));
    });
    await waiting;
    const startedAt = clock.now();
    expect(await toEnd(engine().recoverExecutions())).toEqual({ resumed: 1, left: [] });
    expect(await store.getExecution("e1")).toMatchObject({
      status: "pending",
      wakeAt: startedAt + 60_000,
      failure: { message: "503" },
    });
    expect(attempts).toEqual([1]);
  });
});
