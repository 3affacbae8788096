import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type Checkpoint,
  type CheckpointRecord,
  createWorkflowEngine,
  type NodeExecutor,
  route,
  WorkflowState,
} from "../../src/index.ts";
import { randomWorkflow } from "../definition/random-workflow.ts";
import { immediateClock } from "../immediate-clock.ts";
import { append, chain } from "./chain.ts";

const listed = (records: readonly CheckpointRecord[]) => records.filter(({ kind, seq }) => kind !== "save" && seq > 0);

/** What of a checkpoint is the same in two runs. */
const told = ({ nodeId, stepNumber, context, attempt, error }: Checkpoint) => ({
  ...{ nodeId, stepNumber, context, attempt, error: error?.message },
});

describe("an execution whose history has a limit", () => {
  it("comes to the same result and keeps the same newest checkpoints, over failures, short runs and resumes", async () => {
    const failures = fc.array(fc.nat({ max: 2 }), { minLength: 24, maxLength: 24 });
    await fc.assert(
      fc.asyncProperty(
        randomWorkflow(24),
        failures,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom("sync" as const, "async" as const),
        async ({ definition, choices }, failuresOf, limit, nodesPerRun, durability) => {
          const run = async (historyLimit: number | undefined) => {
            const store = new MemoryCheckpointStore();
            let left = nodesPerRun;
            let stopping = new AbortController();
            const called: string[] = [];
            const executor: NodeExecutor = (args) => {
              const { node, attempt } = args;
              called.push(`${node.id} ${attempt}`);
              if (attempt <= (failuresOf[Number(node.id.slice(1))] ?? 0)) throw new Error(`503 ${attempt}`);
              if (--left === 0) stopping.abort();
              const handles = choices.get(node.id);
              const context = { ...(append(args) as object), blob: node.id.repeat(Number(node.id.slice(1)) * 30) };
              return handles === undefined ? context : route(context, handles);
            };
            const engine = createWorkflowEngine({
              store,
              workflows: [definition],
              executors: { default: executor },
              retry: { maxAttempts: 3, backoffMs: 1 },
              clock: immediateClock(),
              durability,
              ...(historyLimit === undefined ? {} : { historyLimit }),
            });
            const { signal } = stopping;
            let result = await engine.executeWorkflow({ workflowId: "random", userId: "u1", signal });
            const { executionId } = result;
            while (result.status === "pending") {
              left = nodesPerRun;
              stopping = new AbortController();
              result = await engine.resumeWorkflow({ executionId, signal: stopping.signal });
              const kept = listed(await store.readCheckpoints(executionId)).length;
              const most = historyLimit ?? Number.POSITIVE_INFINITY;
              expect(kept).toBeGreaterThanOrEqual(Math.min(most, result.checkpointsCount));
              expect(kept).toBeLessThanOrEqual(2 * (most + 2) + 1);
            }
            expect(result.status).toBe("completed");
            const state = await engine.getExecutionState(executionId);
            const { status, output, currentStep, totalSteps, checkpointsCount } = result;
            const same = { status, output, currentStep, totalSteps, checkpointsCount, point: state.getResumePoint() };
            return { called, same, checkpoints: state.getCheckpoints().map(told), engine, executionId };
          };
          const whole = await run(undefined);
          const limited = await run(limit);
          expect(limited.called).toEqual(whole.called);
          expect(limited.same).toEqual(whole.same);
          const { length } = limited.checkpoints;
          expect(limited.checkpoints).toEqual(whole.checkpoints.slice(-length));
          const { engine, executionId } = limited;
          const pages: Checkpoint[] = [];
          for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
            const checkpoints = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
            const page = await engine.getExecutionState(executionId, { checkpoints });
            pages.push(...page.getCheckpoints());
            cursor = page.getNextCursor();
          }
          expect(pages.map(told)).toEqual(limited.checkpoints);
          const watched: Checkpoint[] = [];
          for await (const { checkpoints } of engine.watchExecution({ executionId, checkpoints: "all" })) {
            watched.push(...checkpoints);
          }
          expect(watched.map(told)).toEqual(limited.checkpoints);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("is forked at what is kept; before that, the call says that it was dropped", async () => {
    const store = new MemoryCheckpointStore();
    const options = { store, workflows: [chain(20)], executors: { default: append } };
    const engine = createWorkflowEngine({ ...options, historyLimit: 4 });
    const { executionId, output } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
    const { firstSeq = 0 } = (await store.getExecution(executionId)) ?? {};
    expect(firstSeq).toBeGreaterThan(10);
    for (let step = 0; step <= 20; step++) {
      const points = [{ stepNumber: step }, ...(step < 20 ? [{ beforeNode: `n${step + 1}` }] : [])];
      for (const at of points) {
        const fork = engine.forkExecution({ executionId, at });
        if (step < firstSeq) {
          await expect(fork).rejects.toMatchObject({
            code: "INVALID_ARGUMENT",
            message: expect.stringContaining("Its older records were dropped, by the engine's historyLimit."),
            details: { firstSeq },
          });
        } else {
          expect((await engine.resumeWorkflow(await fork)).output).toEqual(output);
        }
      }
    }
    await expect(engine.forkExecution({ executionId, at: { checkpointId: "gone" } })).rejects.toThrow("were dropped");
    await expect(engine.forkExecution({ executionId, at: { beforeNode: "x" } })).rejects.toThrow(
      /has not begun node "x", which does not come next either\.$/,
    );
  });

  it("takes another limit when it is resumed with one", async () => {
    const store = new MemoryCheckpointStore();
    const options = { store, workflows: [chain(40)], executors: { default: append } };
    const stopping = new AbortController();
    const executors = {
      default: (args: Parameters<typeof append>[0]) => {
        if (args.node.id === "n30") stopping.abort();
        return append(args);
      },
    };
    const first = createWorkflowEngine({ ...options, executors });
    const { executionId } = await first.executeWorkflow({ workflowId: "chain", userId: "u1", signal: stopping.signal });
    expect((await store.getExecution(executionId))?.firstSeq).toBe(0);
    const limited = createWorkflowEngine({ ...options, historyLimit: 3 });
    expect(await limited.resumeWorkflow({ executionId })).toMatchObject({ status: "completed", checkpointsCount: 40 });
    const kept = (await limited.getExecutionState(executionId)).getCheckpoints();
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThanOrEqual(7);
  });

  it("is bounded also if each run has one node, which makes a snapshot every other time", async () => {
    const store = new MemoryCheckpointStore();
    let stopping = new AbortController();
    const executor: NodeExecutor = (args) => {
      stopping.abort();
      return { ...(append(args) as object), blob: args.node.id.repeat(2_000) };
    };
    const options = { store, workflows: [chain(40)], executors: { default: executor } };
    const engine = createWorkflowEngine({ ...options, historyLimit: 5 });
    let result = await engine.executeWorkflow({ workflowId: "chain", userId: "u1", signal: stopping.signal });
    const { executionId } = result;
    for (let nodes = 2; result.status === "pending"; nodes++) {
      stopping = new AbortController();
      result = await engine.resumeWorkflow({ executionId, signal: stopping.signal });
      const kept = listed(await store.readCheckpoints(executionId)).length;
      expect(kept).toBeGreaterThanOrEqual(Math.min(5, nodes));
      expect(kept).toBeLessThanOrEqual(11);
    }
    expect(result).toMatchObject({ status: "completed", checkpointsCount: 40 });
  });

  it("continues if the store does not answer what could be dropped", async () => {
    const store = new MemoryCheckpointStore();
    const large: NodeExecutor = (args) => ({ ...(append(args) as object), blob: args.node.id.repeat(2_000) });
    const options = { store, workflows: [chain(30)], executors: { default: large } };
    const read = store.readCheckpoints.bind(store);
    const engine = createWorkflowEngine({ ...options, historyLimit: 3 });
    const { executionId } = await createWorkflowEngine({ ...options, timeoutMs: 1e6 }).executeWorkflow({
      ...{ workflowId: "chain", userId: "u1", budgetMs: 0 },
    });
    const state = await createWorkflowEngine(options).WorkflowState.resume(executionId);
    for (let at = 0; at < 12; at++) {
      state.updateContext({ blob: String(at).repeat(4_000) });
      await state.createCheckpoint(`own${at}`);
    }
    await state.setStatus("failed");
    await state.saveCheckpoint();
    let refused = 0;
    store.readCheckpoints = async (id, range = {}) => {
      if (range.order !== "desc") return read(id, range);
      refused++;
      throw new Error("no answer");
    };
    expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed" });
    expect(refused).toBe(1);
  });

  it.each([0, 1.5, -1, Number.NaN, "5", Number.POSITIVE_INFINITY])("refuses the limit %o", (historyLimit) => {
    const options = { store: new MemoryCheckpointStore(), workflows: [chain(1)], executors: { default: append } };
    const refused = expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("historyLimit: must be"),
    });
    expect(() => createWorkflowEngine({ ...options, historyLimit: historyLimit as number })).toThrow(refused);
    expect(() => WorkflowState.withStore(options.store, { historyLimit: historyLimit as number })).toThrow(refused);
  });
});

describe("a loop of one's own whose history has a limit", () => {
  it("is kept within the limit, saves and failures included", async () => {
    const store = new MemoryCheckpointStore();
    const state = await WorkflowState.withStore(store, { historyLimit: 5 }).create("w", "u1", { n: 0 });
    for (let n = 1; n <= 50; n++) {
      state.updateContext({ n });
      await state.saveCheckpoint();
      if (n % 3 === 0) await state.createErrorCheckpoint("a", undefined, new Error("boom"));
      state.incrementStep();
      await state.createCheckpoint("a");
      const kept = listed(await store.readCheckpoints(state.getExecutionId())).length;
      expect(kept).toBeLessThanOrEqual(12);
      expect(kept).toBeGreaterThanOrEqual(Math.min(5, n));
    }
    const again = await WorkflowState.withStore(store)
      .resume(state.getExecutionId())
      .catch((error: unknown) => error);
    expect(again).toMatchObject({ code: "LEASE_HELD" });
    expect(state.getContext()).toEqual({ n: 50 });
  });
});
