import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";
import { until } from "./turns.ts";

const CALL = { workflowId: "chain", userId: "u1" };

/** Ids of nodes and their attempts, as they are started. */
function recording(executor: NodeExecutor = append): { started: string[]; executor: NodeExecutor } {
  const started: string[] = [];
  return {
    started,
    executor: (args) => {
      started.push(`${args.node.id}#${args.attempt}`);
      return executor(args);
    },
  };
}

function engineOn(
  store: MemoryCheckpointStore,
  executor: NodeExecutor,
  { definition = chain(4), leaseMs = 30_000 }: { definition?: WorkflowDefinition; leaseMs?: number } = {},
) {
  return createWorkflowEngine({ store, workflows: [definition], executors: { default: executor }, leaseMs });
}

const failAt =
  (nodeId: string, error: unknown = new Error("boom")): NodeExecutor =>
  (args) => {
    if (args.node.id === nodeId) throw error;
    return append(args);
  };

describe("resumeWorkflow", () => {
  it("refuses what cannot be resumed, and changes nothing", async () => {
    const store = new MemoryCheckpointStore();
    const engine = engineOn(store, append);
    await expect(engine.resumeWorkflow({ executionId: "none" })).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    await expect(engine.resumeWorkflow({ executionId: "" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const { executionId } = await engine.executeWorkflow(CALL);
    const before = await headIn(store, executionId);
    await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject({ code: "INVALID_STATUS", executionId });
    expect(await headIn(store, executionId)).toEqual(before);
  });

  it("continues with the definition the execution began with, or the current one", async () => {
    const store = new MemoryCheckpointStore();
    const failed = await engineOn(store, failAt("n3")).executeWorkflow(CALL);
    const changed = engineOn(store, append, { definition: chain(5) });
    const current = await changed.resumeWorkflow({ executionId: failed.executionId, definition: "current" });
    expect(current).toMatchObject({ status: "completed", output: { ran: ["n1", "n2", "n3", "n4", "n5"] } });

    const again = await engineOn(store, failAt("n3")).executeWorkflow(CALL);
    const original = await changed.resumeWorkflow({ executionId: again.executionId });
    expect(original).toMatchObject({ status: "completed", output: { ran: ["n1", "n2", "n3", "n4"] } });
  });

  it("counts attempts over failures and crashes, under one idempotency key", async () => {
    const store = new MemoryCheckpointStore();
    const seen: { attempt: number; key: string }[] = [];
    const see: NodeExecutor = ({ attempt, idempotencyKey, node, context }) => {
      if (node.id === "n2") seen.push({ attempt, key: idempotencyKey });
      if (node.id === "n2" && attempt === 1) throw new Error("boom");
      return context;
    };
    const { executionId } = await engineOn(store, see).executeWorkflow(CALL);
    // A process that dies in the node: its lease lapses and nothing more is written.
    for (let crash = 0; crash < 2; crash++) {
      const dying = engineOn(
        store.reopen(),
        (args) => {
          void see(args);
          return new Promise<never>(() => undefined);
        },
        {
          leaseMs: 0,
        },
      );
      void dying.resumeWorkflow({ executionId });
      await until(() => seen.length === crash + 2);
    }
    await engineOn(store.reopen(), see).resumeWorkflow({ executionId });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(seen.map(({ key }) => key)).size).toBe(1);
    expect(seen[0]?.key).toMatch(/^wm_[\w-]{43}$/);
  });

  it("lets one of two owners run; the other gets LEASE_HELD, or waits for the lease", async () => {
    const store = new MemoryCheckpointStore();
    const { executionId } = await engineOn(store, failAt("n2")).executeWorkflow(CALL);
    let finish = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { started, executor } = recording(async (args) => {
      await gate;
      return append(args);
    });
    const engine = engineOn(store, executor);
    const running = engine.resumeWorkflow({ executionId });
    await until(() => started.length === 1);
    await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject({
      code: "LEASE_HELD",
      executionId,
      details: { retryAfterMs: expect.any(Number) },
    });
    finish();
    expect(await running).toMatchObject({ status: "completed" });
    const waiting = engine.resumeWorkflow({ executionId, waitForLeaseMs: 5_000 });
    await expect(waiting).rejects.toMatchObject({ code: "INVALID_STATUS" });
    expect(started).toEqual(["n2#2", "n3#1", "n4#1"]);
  });
});

describe("suspend", () => {
  const approval: NodeExecutor = ({ context, node, resume }) => {
    if (node.id !== "n2") return append({ context, node } as never);
    return resume === undefined ? suspend({ until: new Date("2030-01-01") }) : { ...context, answer: resume.data };
  };

  it("ends the run until the node is resumed with what it waits for", async () => {
    const store = new MemoryCheckpointStore();
    const engine = engineOn(store, approval, { definition: chain(2) });
    const { executionId, status, canResume } = await engine.executeWorkflow(CALL);
    expect({ status, canResume }).toEqual({ status: "suspended", canResume: false });
    expect(await store.getExecution(executionId)).toMatchObject({ status: "suspended", wakeAt: Date.UTC(2030, 0, 1) });
    const data = { at: new Date(7), ok: true };
    const result = await engine.resumeWorkflow({ executionId, nodeId: "n2", data });
    expect(result).toMatchObject({ status: "completed", output: { ran: ["n1"], answer: data } });
  });

  it("keeps what it was resumed with when the process dies before the node has completed", async () => {
    const store = new MemoryCheckpointStore();
    const { executionId } = await engineOn(store, approval, { definition: chain(2) }).executeWorkflow(CALL);
    let started = false;
    const hang: NodeExecutor = () => {
      started = true;
      return new Promise<never>(() => undefined);
    };
    void engineOn(store, hang, { definition: chain(2), leaseMs: 0 }).resumeWorkflow({ executionId, data: "yes" });
    await until(() => started);
    const result = await engineOn(store, approval, { definition: chain(2) }).resumeWorkflow({ executionId });
    expect(result).toMatchObject({ status: "completed", output: { answer: "yes" } });
  });
});

describe("an execution that is taken away from its run", () => {
  it("by cancelling: the run ends as cancelled, with the reason", async () => {
    const store = new MemoryCheckpointStore();
    const { started, executor } = recording(async (args) => {
      if (args.node.id === "n2")
        await engineOn(store, append).cancelExecution({ executionId: args.executionId, reason: "not needed" });
      return append(args);
    });
    const result = await engineOn(store, executor).executeWorkflow(CALL);
    expect(result).toMatchObject({
      success: false,
      status: "cancelled",
      error: "The execution was cancelled: not needed",
      failure: { code: "EXECUTION_CANCELLED" },
      currentStep: 1,
    });
    expect(result.canResume).toBe(false);
    expect(started).toEqual(["n1#1", "n2#1"]);
    await expect(engineOn(store, append).cancelExecution({ executionId: result.executionId })).rejects.toMatchObject({
      code: "INVALID_STATUS",
    });
  });

  it("by deleting: the run ends with EXECUTION_NOT_FOUND", async () => {
    const store = new MemoryCheckpointStore();
    const executor: NodeExecutor = async (args) => {
      if (args.node.id === "n2")
        expect(await engineOn(store, append).deleteExecution({ executionId: args.executionId })).toBe(true);
      return append(args);
    };
    const run = engineOn(store, executor).executeWorkflow({ ...CALL, executionId: "e1" });
    await expect(run).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND", executionId: "e1" });
    expect(await engineOn(store, append).deleteExecution({ executionId: "e1" })).toBe(false);
  });
});

describe("executeWorkflow", () => {
  it("refuses an executionId that is taken, and resumes with resumeFromExecutionId", async () => {
    const store = new MemoryCheckpointStore();
    await engineOn(store, failAt("n2")).executeWorkflow({ ...CALL, executionId: "e1" });
    const engine = engineOn(store, append);
    await expect(engine.executeWorkflow({ ...CALL, executionId: "e1" })).rejects.toMatchObject({
      code: "EXECUTION_ALREADY_EXISTS",
    });
    await expect(
      engine.executeWorkflow({ workflowId: "chain", userId: "u2", resumeFromExecutionId: "e1" }),
    ).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND", message: 'No execution "e1".' });
    await expect(
      engine.executeWorkflow({ workflowId: "other", userId: "u1", resumeFromExecutionId: "e1" }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const result = await engine.executeWorkflow({ ...CALL, resumeFromExecutionId: "e1" });
    expect(result).toMatchObject({ executionId: "e1", status: "completed", output: { ran: ["n1", "n2", "n3", "n4"] } });
  });

  it("throws with throwOnFailure: the node's message, its cause, and the execution to resume", async () => {
    const cause = new Error("payment service is down");
    const engine = engineOn(new MemoryCheckpointStore(), failAt("n2", cause));
    const error = await engine.executeWorkflow({ ...CALL, throwOnFailure: true }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "NODE_FAILED",
      message: expect.stringContaining("payment service is down"),
      executionId: expect.any(String),
      cause,
      details: { nodeId: "n2", attempts: 1 },
    });
  });
});
