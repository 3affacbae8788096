import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type NodeExecutor,
  type ReadonlyWorkflowState,
  suspend,
  type WorkflowDefinition,
  WorkflowState,
} from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const LENGTH = 4;
const NODES = chain(LENGTH).nodes.map(({ id }) => id);
const CALL = { workflowId: "chain", userId: "u1", metadata: { tag: "nightly" } };

function setUp(workflows: WorkflowDefinition[] = [chain(LENGTH)]) {
  const store = new MemoryCheckpointStore();
  const called: string[] = [];
  const keys: string[] = [];
  const does = { failing: "", suspending: "" };
  const run: NodeExecutor = (args) => {
    called.push(args.node.id);
    keys.push(args.idempotencyKey);
    if (args.node.id === does.failing) throw new Error(`${args.node.id} is down`);
    if (args.node.id === does.suspending && args.resume === undefined) return suspend();
    return append(args);
  };
  const engine = createWorkflowEngine({ store, workflows, executors: { default: run } });
  return { store, engine, called, keys, does };
}

type Engine = ReturnType<typeof setUp>["engine"];

/** Everything that a store has of an execution. */
async function allOf(store: CheckpointStore, id: string): Promise<string> {
  const { readAt: _readAt, ...head } = (await store.getExecution(id)) ?? { readAt: 0 };
  return JSON.stringify([head, await store.readCheckpoints(id)]);
}

/** What a state says, without its identity and without the checkpoints: a fork has none of its original's. */
function said(state: ReadonlyWorkflowState) {
  const { checkpoints: _checkpoints, ...output } = state.toExecutionOutput();
  return {
    workflowId: state.getWorkflowId(),
    userId: state.getUserId(),
    status: state.getStatus(),
    context: state.getContext(),
    step: state.getCurrentStep(),
    totalSteps: state.getTotalSteps(),
    canResume: state.canResume(),
    resumePoint: state.getResumePoint(),
    failure: state.getFailure(),
    waiting: state.getWaiting(),
    metadata: state.getMetadata(),
    output,
  };
}

/** What an execution says that never came further than to a node. */
async function saidBefore(node: string): Promise<object> {
  const aborting = new AbortController();
  const called: string[] = [];
  const executor: NodeExecutor = (args) => {
    called.push(args.node.id);
    if (NODES[NODES.indexOf(args.node.id) + 1] === node) aborting.abort();
    return append(args);
  };
  const store = new MemoryCheckpointStore();
  const stopped = createWorkflowEngine({ store, workflows: [chain(LENGTH)], executors: { default: executor } });
  if (node === NODES[0]) aborting.abort();
  const { executionId } = await stopped.executeWorkflow({ ...CALL, signal: aborting.signal });
  expect(called).toEqual(NODES.slice(0, NODES.indexOf(node)));
  return said(await stopped.getExecutionState(executionId));
}

async function expectFork(engine: Engine, executionId: string, node: string): Promise<void> {
  const state = await engine.getExecutionState(executionId);
  expect(said(state)).toEqual(await saidBefore(node));
  expect(state.getCheckpoints()).toEqual([]);
  expect(state.getLastCheckpoint()).toBeUndefined();
  expect(state.toExecutionOutput().checkpoints).toEqual([]);
  for (const checkpoints of ["last", { limit: 5 }] as const) {
    expect(said(await engine.getExecutionState(executionId, { checkpoints }))).toEqual(said(state));
  }
}

describe.each(["completed", "failed", "cancelled", "suspended", "running"])("an execution that is %s", (ending) => {
  it("is forked before each node, and the fork forked again: each says what one that never came further says", async () => {
    for (const [index, node] of NODES.entries()) {
      const { store, engine, called, does } = setUp();
      if (ending === "suspended") does.suspending = node;
      else if (ending !== "completed") does.failing = node;
      const { executionId } = await engine.executeWorkflow(CALL);
      if (ending === "cancelled") await engine.cancelExecution({ executionId });
      if (ending === "running") {
        await store.claimExecution(executionId, { claimId: "c", owner: "o", leaseMs: 60_000, from: ["failed"] });
      }
      const before = await allOf(store, executionId);
      const fork = await engine.forkExecution({ executionId, at: { beforeNode: node } });
      await expectFork(engine, fork.executionId, node);
      const [head] = (await engine.listExecutions({ due: true })).items;
      expect(head).toMatchObject({
        id: fork.executionId,
        status: "pending",
        checkpointsCount: 0,
        seq: 0,
        recoveries: 0,
      });
      expect(head?.forkedFromId).toBe(executionId);

      // The fork fails at its first node, and is forked itself.
      does.failing = node;
      does.suspending = "";
      expect(await engine.resumeWorkflow(fork)).toMatchObject({ status: "failed", currentStep: index });
      const failedFork = await allOf(store, fork.executionId);
      const again = await engine.forkExecution({ executionId: fork.executionId, at: { beforeNode: node } });
      await expectFork(engine, again.executionId, node);
      expect(await allOf(store, fork.executionId)).toBe(failedFork);
      expect(await store.getExecution(again.executionId)).toMatchObject({
        forkedFromId: fork.executionId,
        forkedFromSeq: 0,
      });

      does.failing = "";
      called.length = 0;
      const ended = await engine.resumeWorkflow(again);
      expect(ended).toMatchObject({ status: "completed", currentStep: LENGTH, totalSteps: LENGTH });
      expect(ended.output).toEqual({ ran: NODES });
      expect(called).toEqual(NODES.slice(index));
      const state = await engine.getExecutionState(again.executionId);
      expect(state.getCheckpoints().map(({ nodeId, stepNumber }) => [nodeId, stepNumber])).toEqual(
        NODES.map((id, at) => [id, at + 1]).slice(index),
      );
      expect(await allOf(store, executionId)).toBe(before);
    }
  });
});

describe("forkExecution", () => {
  it("begins after any checkpoint that people see; after that of a failure with the state before the node", async () => {
    const { store, engine, called, does } = setUp();
    does.failing = "n3";
    const { executionId } = await engine.executeWorkflow(CALL);
    await engine.resumeWorkflow({ executionId });
    const checkpoints = (await engine.getExecutionState(executionId)).getCheckpoints();
    expect(checkpoints.map(({ nodeId, error }) => [nodeId, error === undefined])).toEqual([
      ["n1", true],
      ["n2", true],
      ["n3", false],
      ["n3", false],
    ]);
    does.failing = "";
    for (const [at, checkpoint] of checkpoints.entries()) {
      const fork = await engine.forkExecution({ executionId, at: { checkpointId: checkpoint.id } });
      const state = await engine.getExecutionState(fork.executionId);
      expect(state.getContext()).toEqual(checkpoint.context);
      expect(state.getCurrentStep()).toBe(Math.min(at + 1, 2));
      expect(await store.getExecution(fork.executionId)).toMatchObject({ forkedFromSeq: at + 1 });
      called.length = 0;
      expect(await engine.resumeWorkflow(fork)).toMatchObject({ status: "completed" });
      expect(called).toEqual(NODES.slice(Math.min(at + 1, 2)));
      // Attempts begin anew.
      expect((await engine.getExecutionState(fork.executionId)).getCheckpoints()[0]?.attempt).toBe(1);
    }
  });

  it("begins after a step, and 0 is the initial state; a fork's steps begin where it was forked", async () => {
    const { engine } = setUp();
    const { executionId } = await engine.executeWorkflow({ ...CALL, initialData: { total: 1 } });
    for (let stepNumber = 0; stepNumber <= LENGTH; stepNumber++) {
      const fork = await engine.forkExecution({ executionId, at: { stepNumber } });
      const ran = stepNumber === 0 ? {} : { ran: NODES.slice(0, stepNumber) };
      const state = await engine.getExecutionState(fork.executionId);
      expect(state.getContext()).toEqual({ total: 1, ...ran });
      expect(state.getCurrentStep()).toBe(stepNumber);
      if (stepNumber !== 2) continue;
      const again = await engine.forkExecution({ executionId: fork.executionId, at: { stepNumber: 2 } });
      expect(said(await engine.getExecutionState(again.executionId))).toEqual(said(state));
      await expect(engine.forkExecution({ ...fork, at: { stepNumber: 1 } })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        details: { stepNumber: 1, firstStep: 2, lastStep: 2, forkedFromId: executionId, forkedFromSeq: 2 },
      });
    }
  });

  it("takes another context, and leaves the old one alone", async () => {
    const { store, engine, called } = setUp();
    const { executionId } = await engine.executeWorkflow(CALL);
    const before = await allOf(store, executionId);
    const context = { ran: ["by hand"], at: new Date(0) };
    const fork = await engine.forkExecution({ executionId, at: { beforeNode: "n4" }, context });
    context.ran.push("later");
    called.length = 0;
    expect((await engine.resumeWorkflow(fork)).output).toEqual({ ran: ["by hand", "n4"], at: new Date(0) });
    expect(called).toEqual(["n4"]);
    const count = (await store.listExecutions()).items.length;
    for (const [wrong, code] of [
      [{ f: () => 1 }, "STATE_NOT_SERIALIZABLE"],
      [[1], "INVALID_ARGUMENT"],
      [new Map(), "INVALID_ARGUMENT"],
      [null, "INVALID_ARGUMENT"],
      [{ blob: "x".repeat(70_000_000) }, "PAYLOAD_TOO_LARGE"],
    ] as const) {
      const at = { stepNumber: 0 };
      await expect(engine.forkExecution({ executionId, at, context: wrong as never })).rejects.toMatchObject({ code });
    }
    expect((await store.listExecutions()).items).toHaveLength(count);
    expect(await allOf(store, executionId)).toBe(before);
  });

  it("gives the nodes idempotency keys of their own, and takes no answer along", async () => {
    const { engine, keys, does } = setUp();
    does.suspending = "n2";
    const { executionId } = await engine.executeWorkflow(CALL);
    does.failing = "n2";
    await engine.resumeWorkflow({ executionId, data: "yes" });
    const fork = await engine.forkExecution({ executionId, at: { beforeNode: "n2" } });
    does.failing = "";
    expect(await engine.resumeWorkflow(fork)).toMatchObject({ status: "suspended" });
    expect(await engine.resumeWorkflow({ ...fork, data: "no" })).toMatchObject({ status: "completed" });
    await engine.resumeWorkflow({ executionId });
    expect(new Set(keys).size).toBe(1 + 2 * 3);
  });

  it("outlives its original", async () => {
    const { engine } = setUp();
    const { executionId } = await engine.executeWorkflow(CALL);
    const fork = await engine.forkExecution({ executionId, at: { stepNumber: 1 } });
    await engine.deleteExecution({ executionId });
    expect(await engine.resumeWorkflow(fork)).toMatchObject({ status: "completed", output: { ran: NODES } });
  });

  it("forks an execution from one of its own nodes, as far as it is committed", async () => {
    const store = new MemoryCheckpointStore();
    let fork: { executionId: string } | undefined;
    const executor: NodeExecutor = async (args) => {
      const { executionId, node } = args;
      if (node.id === "n3") fork ??= await engine.forkExecution({ executionId, at: { beforeNode: "n3" } });
      return append(args);
    };
    const engine = createWorkflowEngine({ store, workflows: [chain(LENGTH)], executors: { default: executor } });
    expect((await engine.executeWorkflow(CALL)).output).toEqual({ ran: NODES });
    expect((await engine.resumeWorkflow(fork as { executionId: string })).output).toEqual({ ran: NODES });
  });

  it("forks a loop of the user's own, which no engine knows", async () => {
    const { store, engine } = setUp();
    const state = await WorkflowState.withStore(store).create("own-loop", "u1", { total: 0 }, 3);
    for (const node of ["a", "b"]) {
      state.updateContext({ total: Number(state.getContext().total) + 1 });
      state.incrementStep();
      await state.createCheckpoint(node);
    }
    const fork = await engine.forkExecution({ executionId: state.getExecutionId(), at: { beforeNode: "b" } });
    const forked = await WorkflowState.withStore(store).resume(fork.executionId);
    expect([forked.getContext(), forked.getCurrentStep(), forked.getTotalSteps()]).toEqual([{ total: 1 }, 1, 3]);
    expect(forked.getResumePoint()).toEqual({ nodeId: "a", stepNumber: 1 });
    forked.incrementStep();
    expect(forked.getResumePoint()).toEqual({ nodeId: "a", stepNumber: 1 });
    await forked.createCheckpoint("b");
    await forked.markCompleted();
    expect(forked.getResumePoint()).toEqual({ nodeId: "b", stepNumber: 2 });
    expect((await engine.getExecutionState(fork.executionId)).getStatus()).toBe("completed");
  });
});
