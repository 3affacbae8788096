import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, suspend, type WorkflowStatus } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { headIn } from "../head-in.ts";
import { chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };

/** Node n1 asks once, node n2 asks after it; an answer without `approved` is malformed. */
const asks: NodeExecutor = ({ context, node, resume }) => {
  if (resume === undefined) return suspend();
  const answer = resume.data as { approved?: boolean };
  if (answer.approved === undefined) throw new Error("malformed answer");
  return { ...context, [node.id]: answer };
};

function setUp(executor: NodeExecutor = asks, store = new MemoryCheckpointStore()) {
  const engine = createWorkflowEngine({ store, workflows: [chain(2)], executors: { default: executor }, leaseMs: 0 });
  return { store, engine };
}

describe("a suspended execution", () => {
  it.each([
    ["resumeWorkflow without data", {}],
    ["resumeWorkflow whose data is undefined", { data: undefined }],
    ["resumeWorkflow that only names the node", { nodeId: "n1" }],
  ])("is left as it is by %s", async (_what, call) => {
    const { store, engine } = setUp();
    await engine.executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    const result = await engine.resumeWorkflow({ executionId: "e1", ...call });
    expect(result).toMatchObject({ status: "suspended", success: false, canResume: false, currentStep: 0 });
    expect(await headIn(store, "e1")).toEqual(before);
    expect((await engine.getExecutionState("e1")).canResume()).toBe(false);
  });

  it("is not approved by the steps of the old guide: resume if it has not succeeded and can be resumed", async () => {
    const { store, engine } = setUp();
    let result = await engine.executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    if (!result.success && result.canResume) result = await engine.resumeWorkflow({ executionId: "e1" });
    if (!result.success) {
      result = await engine.executeWorkflow({ workflowId: "chain", userId: "u1", resumeFromExecutionId: "e1" });
    }
    while (result.canResume) result = await engine.resumeWorkflow({ executionId: "e1" });
    expect(result.status).toBe("suspended");
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("completes after a malformed answer and a good one: the newer answer replaces the kept one", async () => {
    const { engine } = setUp();
    await engine.executeWorkflow(CALL);
    const failed = await engine.resumeWorkflow({ executionId: "e1", data: { aproved: true } });
    expect(failed).toMatchObject({ status: "failed", error: "malformed answer" });
    expect(await engine.resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "failed" });
    expect(await engine.resumeWorkflow({ executionId: "e1", data: { approved: true } })).toMatchObject({
      status: "suspended",
      output: { n1: { approved: true } },
    });
    expect(await engine.resumeWorkflow({ executionId: "e1", nodeId: "n2", data: { approved: false } })).toMatchObject({
      status: "completed",
      output: { n1: { approved: true }, n2: { approved: false } },
    });
  });

  it("keeps a newer answer also over a crash in its node", async () => {
    const store = new MemoryCheckpointStore();
    const { engine } = setUp(asks, store);
    await engine.executeWorkflow(CALL);
    await engine.resumeWorkflow({ executionId: "e1", data: {} });
    // The second answer is on record (commit 1), then the process dies at the node's own commit.
    const dying = setUp(asks, crashAt(store.reopen(), { call: 2, when: "before" }) as never).engine;
    await expect(dying.resumeWorkflow({ executionId: "e1", data: { approved: true } })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
    expect(await engine.resumeWorkflow({ executionId: "e1" })).toMatchObject({
      status: "suspended",
      output: { n1: { approved: true } },
    });
  });

  it("refuses what cannot be kept, and a node that is not the one that waits, and stays as it is", async () => {
    const { store, engine } = setUp();
    await engine.executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    const throwing = Object.defineProperty({}, "x", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    for (const [call, code] of [
      [{ data: () => 1 }, "STATE_NOT_SERIALIZABLE"],
      [{ data: throwing }, undefined],
      [{ data: true, nodeId: "n2" }, "NOT_WAITING"],
      [{ nodeId: "n2" }, "NOT_WAITING"],
    ] as const) {
      const thrown = await engine.resumeWorkflow({ executionId: "e1", ...call }).catch((error: unknown) => error);
      if (code !== undefined) expect(thrown).toMatchObject({ code });
      expect(thrown).toBeInstanceOf(Error);
      expect(await headIn(store, "e1")).toEqual(before);
    }
  });
});

describe("an answer for an execution that does not wait", () => {
  const statuses: [WorkflowStatus, NodeExecutor][] = [
    ["completed", ({ context }) => context],
    ["cancelled", () => suspend()],
    [
      "failed",
      () => {
        throw new Error("boom");
      },
    ],
    ["pending", ({ context }) => context],
  ];
  it.each(statuses)("that is %s is refused with NOT_WAITING, and the head stays the same", async (status, executor) => {
    const { store, engine } = setUp(executor);
    await engine.executeWorkflow({ ...CALL, ...(status === "pending" ? { budgetMs: 0 } : {}) });
    if (status === "cancelled") await engine.cancelExecution({ executionId: "e1" });
    const before = await headIn(store, "e1");
    expect(before?.status).toBe(status);
    await expect(engine.resumeWorkflow({ executionId: "e1", data: { approved: true } })).rejects.toMatchObject({
      code: "NOT_WAITING",
      executionId: "e1",
    });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("that has crashed is refused with NOT_WAITING, and the head stays the same", async () => {
    const store = new MemoryCheckpointStore();
    const dying = setUp(({ context }) => context, crashAt(store.reopen(), { call: 1, when: "after" }) as never).engine;
    await dying.executeWorkflow(CALL).catch(() => undefined);
    const before = await headIn(store, "e1");
    expect(before?.status).toBe("running");
    await expect(setUp(asks, store).engine.resumeWorkflow({ executionId: "e1", data: 1 })).rejects.toMatchObject({
      code: "NOT_WAITING",
    });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("that another run has is refused with LEASE_HELD, and nothing of it is kept", async () => {
    const store = new MemoryCheckpointStore();
    let ask = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const slow: NodeExecutor = async (args) => {
      await asked;
      return asks(args);
    };
    const options = { store, workflows: [chain(2)], executors: { default: slow } };
    const { executeWorkflow, resumeWorkflow } = createWorkflowEngine(options);
    const run = executeWorkflow(CALL);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(resumeWorkflow({ executionId: "e1", data: { approved: true } })).rejects.toMatchObject({
      code: "LEASE_HELD",
    });
    ask();
    expect(await run).toMatchObject({ status: "suspended" });
    expect(await resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "suspended", currentStep: 0 });
  });

  it("a second answer to the first question does not answer the next one, if it names its node", async () => {
    const { engine } = setUp();
    await engine.executeWorkflow(CALL);
    await engine.resumeWorkflow({ executionId: "e1", nodeId: "n1", data: { approved: true } });
    await expect(
      engine.resumeWorkflow({ executionId: "e1", nodeId: "n1", data: { approved: true } }),
    ).rejects.toMatchObject({ code: "NOT_WAITING" });
    expect(await engine.resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "suspended", currentStep: 1 });
  });
});
