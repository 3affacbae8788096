import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, WorkflowState as States } from "../../src/index.ts";

function setUp() {
  const store = new MemoryCheckpointStore();
  return { store, ...createWorkflowEngine({ store, workflows: [], executors: {} }) };
}

describe("WorkflowState", () => {
  it("runs the lines of the migration guide as they are written", async () => {
    const { WorkflowState, getExecutionState } = setUp();
    const [workflowId, userId, initialData, totalSteps] = ["w1", "u1", { count: 0 }, 3];
    const executableNodes = [
      { id: "a", type: "http" },
      { id: "b", type: "llm" },
      { id: "c", type: "http" },
    ];
    const executor = async ({ context }: { context: Record<string, unknown> }) => ({
      ...context,
      count: Number(context.count) + 1,
    });

    const state = await WorkflowState.create(workflowId, userId, initialData, totalSteps);
    for (const node of executableNodes) {
      const currentContext = state.getContext();
      const newContext = await executor({ context: currentContext });
      state.setContext(newContext);
      state.incrementStep();
      await state.createCheckpoint(node.id, node.type);
    }
    await state.markCompleted();

    expect(state.getStatus()).toBe("completed");
    const kept = await getExecutionState(state.getExecutionId());
    expect(kept.getStatus()).toBe("completed");
    expect(kept.getContext()).toEqual({ count: 3 });
    expect([kept.getCurrentStep(), kept.getTotalSteps()]).toEqual([3, 3]);
    expect(kept.canResume()).toBe(false);
    const seen = (states: typeof kept) =>
      states
        .getCheckpoints()
        .map(({ nodeId, nodeName, stepNumber, context, error }) => [nodeId, nodeName, stepNumber, context, error]);
    expect(seen(kept)).toEqual([
      ["a", "http", 1, { count: 1 }, undefined],
      ["b", "llm", 2, { count: 2 }, undefined],
      ["c", "http", 3, { count: 3 }, undefined],
    ]);
    expect(seen(state)).toEqual(seen(kept));
    expect(kept.getLastCheckpoint()?.timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it("holds changes until they are saved, and keeps the status it is given", async () => {
    const { WorkflowState, getExecutionState } = setUp();
    const state = await WorkflowState.create("w1", "u1", { a: 1, b: 1 });
    const onRecord = async () => {
      const kept = await getExecutionState(state.getExecutionId());
      return [kept.getContext(), kept.getCurrentStep(), kept.getStatus(), kept.getCheckpoints().length];
    };
    state.updateContext({ a: 2 });
    state.setContext({ ...state.getContext(), c: [1] });
    state.incrementStep();
    state.setStatus("suspended");
    expect(state.getContext()).toEqual({ a: 2, b: 1, c: [1] });
    expect(await onRecord()).toEqual([{ a: 1, b: 1 }, 0, "running", 0]);
    await state.saveCheckpoint();
    expect(await onRecord()).toEqual([{ a: 2, b: 1, c: [1] }, 1, "suspended", 0]);
    await expect(state.saveCheckpoint()).rejects.toMatchObject({ code: "INVALID_STATUS" });
  });

  it("fails with what was unsaved, and resumes from the newest checkpoint without an error", async () => {
    const { WorkflowState } = setUp();
    const state = await WorkflowState.create("w1", "u1", {}, 2);
    expect(state.getResumePoint()).toBeNull();
    expect(state.canResume()).toBe(false);
    state.incrementStep();
    await state.createCheckpoint("a", "http");
    await state.createErrorCheckpoint("b", "llm", new Error("boom"));
    state.updateContext({ note: "unsaved" });
    await state.markFailed(new Error("boom"));
    expect(state.canResume()).toBe(true);
    expect(state.getResumePoint()).toEqual({ nodeId: "a", stepNumber: 1 });

    const resumed = await WorkflowState.resume(state.getExecutionId());
    expect(resumed.getStatus()).toBe("running");
    expect(resumed.getContext()).toEqual({ note: "unsaved" });
    expect(
      resumed.getCheckpoints().map(({ nodeId, stepNumber, error }) => [nodeId, stepNumber, error?.message]),
    ).toEqual([
      ["a", 1, undefined],
      ["b", 2, "boom"],
    ]);
    await expect(state.saveCheckpoint()).rejects.toMatchObject({ code: "LEASE_LOST" });
    await expect(WorkflowState.resume(state.getExecutionId())).rejects.toMatchObject({ code: "LEASE_HELD" });
    resumed.incrementStep();
    await resumed.createCheckpoint("b", "llm");
    expect(resumed.getLastCheckpoint()).toMatchObject({ nodeId: "b", attempt: 2 });
  });

  it("refuses a context that cannot be kept, and stays as it was", async () => {
    const { WorkflowState } = setUp();
    const state = await WorkflowState.create("w1", "u1", { a: 1 });
    expect(() => state.setContext({ a: 2, f: () => 1 })).toThrow(
      expect.objectContaining({ code: "STATE_NOT_SERIALIZABLE" }),
    );
    expect(() => state.updateContext([] as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(state.getContext()).toEqual({ a: 1 });
    await expect(WorkflowState.create("w1", "u1", "x" as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("hands out contexts that share nothing with it", async () => {
    const { WorkflowState } = setUp();
    const given = { list: [1], map: new Map([["k", 1]]) };
    const state = await WorkflowState.create("w1", "u1", given);
    given.list.push(2);
    (state.getContext().map as Map<string, number>).clear();
    expect(state.getContext()).toEqual({ list: [1], map: new Map([["k", 1]]) });
    expect(Object.isFrozen(given)).toBe(false);
  });

  it("that was opened for reading refuses every change", async () => {
    const { WorkflowState, getExecutionState } = setUp();
    const { getExecutionId } = await WorkflowState.create("w1", "u1").then((state) => ({
      getExecutionId: () => state.getExecutionId(),
    }));
    const reading = (await getExecutionState(getExecutionId())) as unknown as States;
    const refused = expect.objectContaining({ code: "STATE_READ_ONLY", executionId: getExecutionId() });
    for (const change of [
      () => reading.updateContext({}),
      () => reading.setContext({}),
      () => reading.incrementStep(),
      () => reading.setStatus("failed"),
    ]) {
      expect(change).toThrow(refused);
    }
    for (const write of [
      () => reading.createCheckpoint("a", "b"),
      () => reading.createErrorCheckpoint("a", "b", new Error("x")),
      () => reading.saveCheckpoint(),
      () => reading.markCompleted(),
      () => reading.markFailed(new Error("x")),
    ]) {
      await expect(write()).rejects.toEqual(refused);
    }
  });

  it("tells by the store's clock whether a running execution can be resumed", async () => {
    const store = new MemoryCheckpointStore();
    for (const [leaseMs, canResume] of [
      [30_000, false],
      [0, true],
    ] as const) {
      const engine = createWorkflowEngine({ store, workflows: [], executors: {}, leaseMs });
      const { getExecutionState, WorkflowState } = engine;
      const state = await WorkflowState.create("w1", "u1");
      expect((await getExecutionState(state.getExecutionId())).canResume()).toBe(canResume);
    }
  });

  it("works without an engine, and reads only the last checkpoint where asked", async () => {
    const store = new MemoryCheckpointStore();
    const state = await States.withStore(store).create("w1", "u1", { n: 0 }, 3);
    for (const n of [1, 2, 3]) {
      state.updateContext({ n });
      state.incrementStep();
      await state.createCheckpoint(`n${n}`);
    }
    const { getExecutionState } = createWorkflowEngine({ store, workflows: [], executors: {} });
    const last = await getExecutionState(state.getExecutionId(), { checkpoints: "last" });
    expect(last.getCheckpoints().map(({ nodeId, context }) => [nodeId, context])).toEqual([["n3", { n: 3 }]]);
    const other = States.withStore(store).withStore(new MemoryCheckpointStore());
    await expect(other.resume(state.getExecutionId())).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  });
});
