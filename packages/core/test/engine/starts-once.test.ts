import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, type RetryPolicy, type WorkflowDefinition } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { chain } from "./chain.ts";
import { until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

describe("an execution whose process died", () => {
  describe.each([1, 4])('before its node with onCrash "fail" had begun (nodeConcurrency %i)', (nodeConcurrency) => {
    const once: RetryPolicy = { onCrash: "fail", maxAttempts: 2, backoffMs: 60_000, jitter: 0 };

    it("is completed by a recovery: nothing was cut off", async () => {
      const workflow: WorkflowDefinition = { ...chain(2), nodes: [{ id: "n1", retry: once }, { id: "n2" }] };
      const { engine, store, toEnd } = newWorld(workflow, ({ attempt }) => patch({ attempt }));
      await engine().startExecution(callOf(workflow));
      const claim = { claimId: "c1", owner: "dead", leaseMs: 0, from: ["pending" as const] };
      await store.claimExecution("e1", claim);
      expect(await toEnd(engine({ nodeConcurrency }).recoverExecutions())).toEqual({ resumed: 1, left: [] });
      const head = await store.getExecution("e1");
      expect(head).toMatchObject({ status: "completed" });
      expect(await toEnd(engine().getExecutionState("e1")).then((state) => state.getContext())).toEqual({ attempt: 1 });
    });

    it("but after its first attempt had failed, is completed once the wait for the next one is over", async () => {
      const attempts: number[] = [];
      const executor: NodeExecutor = ({ node, attempt, context }) => {
        if (node.id !== "n1") return context;
        attempts.push(attempt);
        if (attempt === 1) throw new Error("503");
        return context;
      };
      const workflow: WorkflowDefinition = { id: "w", nodes: [{ id: "n1", retry: once }, { id: "n2" }], edges: [] };
      const { engine, store, toEnd, events, clock } = newWorld(workflow, executor);
      void engine({ leaseMs: 0, nodeConcurrency }).executeWorkflow(callOf(workflow));
      await until(() => events.some(({ type }) => type === "node.failed"));
      clock.advance(120_000);
      // Both processes see the attempt as due: the first one is dead, and never looks.
      await toEnd(engine({ nodeConcurrency }).resumeWorkflow({ executionId: "e1" }));
      expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
      expect(attempts.slice(0, 2)).toEqual([1, 2]);
    });

    it("and that died in its second attempt is not started a third time", async () => {
      const attempts: number[] = [];
      const executor: NodeExecutor = ({ attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error("503");
        return new Promise<never>(() => undefined);
      };
      const retry = { ...once, backoffMs: 0 };
      const workflow: WorkflowDefinition = { id: "w", nodes: [{ id: "n1", retry }], edges: [] };
      const { engine, store, toEnd } = newWorld(workflow, executor);
      void engine({ leaseMs: 0, nodeConcurrency }).executeWorkflow(callOf(workflow));
      await until(() => attempts.length === 2);
      await toEnd(engine({ nodeConcurrency }).recoverExecutions());
      const failure = { code: "NODE_CRASHED", nodeId: "n1", attempts: 2 };
      expect(await store.getExecution("e1")).toMatchObject({ status: "failed", failure });
      expect(attempts).toEqual([1, 2]);
    });

    it("is given up at maxRecoveries if every process dies before it", async () => {
      const workflow: WorkflowDefinition = { id: "w", nodes: [{ id: "n1", retry: once }], edges: [] };
      const { engine, store, toEnd } = newWorld(workflow, ({ context }) => context);
      await engine().startExecution(callOf(workflow));
      for (const claimId of ["c1", "c2", "c3"]) {
        await store.claimExecution("e1", { claimId, owner: claimId, leaseMs: 0, from: ["pending", "running"] });
      }
      await toEnd(engine({ nodeConcurrency, maxRecoveries: 2 }).recoverExecutions());
      expect(await store.getExecution("e1")).toMatchObject({
        status: "failed",
        failure: { code: "RECOVERY_LIMIT", nodeId: "n1" },
      });
    });
  });

  describe.each([
    ["continue", ["out", "after"]],
    ["route", ["rescue"]],
  ] as const)('in a node with onCrash "fail" and onError "%s"', (onError, next) => {
    const workflow: WorkflowDefinition = {
      id: "policy",
      nodes: [
        ...["once", "twice"].map((id) => ({ id, onError, retry: { onCrash: "fail" as const } })),
        ...["out", "rescue", "after"].map((id) => ({ id })),
      ],
      edges: [
        { source: "once", target: "out", sourceHandle: "ok" },
        { source: "once", target: "rescue", sourceHandle: "error" },
        { source: "out", target: "after" },
      ],
    };

    it.each([1, 4])("continues by the error policy (nodeConcurrency %i)", async (nodeConcurrency) => {
      const started: string[] = [];
      const executor: NodeExecutor = ({ node, context }) => {
        started.push(node.id);
        const isCutOff = node.id === "once" || node.id === "twice";
        return isCutOff ? new Promise<never>(() => undefined) : patch({ [node.id]: context.error !== undefined });
      };
      const { engine, toEnd, store, events } = newWorld(workflow, executor, { nodeConcurrency });
      void engine({ leaseMs: 0 }).executeWorkflow(callOf(workflow));
      const begun = nodeConcurrency === 1 ? ["once"] : ["once", "twice"];
      await until(() => started.length === begun.length);
      if (nodeConcurrency === 1) {
        // The other one is cut off by itself.
        void engine({ leaseMs: 0 }).recoverExecutions();
        await until(() => started.includes("twice"));
      }
      await toEnd(engine().recoverExecutions());
      expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
      const state = await engine().getExecutionState("e1");
      const failed = state.getCheckpoints().filter(({ error }) => error !== undefined);
      expect(failed.map(({ nodeId, error }) => [nodeId, error?.code, error?.attempts])).toEqual([
        ["once", "NODE_CRASHED", 1],
        ["twice", "NODE_CRASHED", 1],
      ]);
      expect(started.sort()).toEqual(["once", "twice", ...next].sort());
      expect(state.getContext()).toMatchObject({ error: { nodeId: "twice", code: "NODE_CRASHED" } });
      expect(events.filter((each) => each.type === "node.failed" && each.continues)).toHaveLength(2);
    });
  });

  it("beside a node that starts again: the one with onError is passed over, the other has a new attempt", async () => {
    const workflow: WorkflowDefinition = {
      id: "beside",
      nodes: [{ id: "again" }, { id: "once", onError: "continue", retry: { onCrash: "fail" } }],
      edges: [],
    };
    const started: string[] = [];
    const executor: NodeExecutor = ({ node, attempt, context }) => {
      started.push(`${node.id} ${attempt}`);
      return started.length <= 2 ? new Promise<never>(() => undefined) : context;
    };
    const { engine, toEnd, store } = newWorld(workflow, executor, { nodeConcurrency: 2 });
    void engine({ leaseMs: 0 }).executeWorkflow(callOf(workflow));
    await until(() => started.length === 2);
    await toEnd(engine().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
    expect(started).toEqual(["again 1", "once 1", "again 2"]);
  });

  it("and that dies again before the crash is on record does not start the node", async () => {
    const workflow: WorkflowDefinition = {
      id: "again",
      nodes: [{ id: "again" }, { id: "once", onError: "continue", retry: { onCrash: "fail" } }],
      edges: [],
    };
    const started: string[] = [];
    const executor: NodeExecutor = ({ node, context }) => {
      started.push(node.id);
      return started.length <= 2 ? new Promise<never>(() => undefined) : context;
    };
    const { engine, toEnd, store } = newWorld(workflow, executor, { nodeConcurrency: 2 });
    void engine({ leaseMs: 0 }).executeWorkflow(callOf(workflow));
    await until(() => started.length === 2);
    // It dies after its first commit, which names the attempts that were cut off.
    let commits = 0;
    const dying = interceptStore(store, (method, call) =>
      method === "commit" && ++commits > 1 ? new Promise<never>(() => undefined) : call(),
    );
    void engine({ leaseMs: 0, store: dying }).recoverExecutions();
    await until(() => commits === 2);
    await toEnd(engine().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
    expect(started.filter((id) => id === "once")).toHaveLength(1);
  });
});
