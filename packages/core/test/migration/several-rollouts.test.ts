import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { createRecorder, createRollout, type RolloutOutcome } from "../../src/migration/index.ts";
import { CALL } from "./two-executors.ts";

const WORKFLOW = { id: "w1", nodes: [{ id: "a" }], edges: [] };

it("executors of V2 that call V1's registry are no direct calls, in a recovery, a resume and a call of the engine", async () => {
  const recorder = createRecorder();
  const old = recorder.wrap("a", ({ context }: { context: object }) => ({ ...context, a: true }));
  // With arguments of its own, as V1's executors had them.
  const executor: NodeExecutor = async ({ context }) => {
    await Promise.resolve();
    return old({ context: { ...context } });
  };
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [WORKFLOW],
    executors: { default: executor },
  });
  const outcomes: RolloutOutcome[] = [];
  createRollout({
    v1: () => ({ success: true }),
    v2: engine,
    percent: 100,
    shadow: recorder,
    onOutcome: (outcome) => void outcomes.push(outcome),
  });
  await engine.startExecution(CALL);
  await engine.recoverExecutions();
  await engine.executeWorkflow(CALL);
  await engine.executeWorkflow({ ...CALL, nodeConcurrency: 4 });
  expect(recorder.stats.directCalls).toBe(0);
  old({ context: {} });
  expect(recorder.stats.directCalls).toBe(1);
  expect(outcomes.filter(({ kind }) => kind === "direct")).toHaveLength(1);
});

it("of two rollouts on one engine and one registry, only one reports a recovery, and a direct call", async () => {
  let fails = true;
  const engine = createWorkflowEngine({
    store: new MemoryCheckpointStore(),
    workflows: [WORKFLOW],
    executors: { default: ({ context }) => (fails ? Promise.reject(new Error("x")) : context) },
  });
  const recorder = createRecorder();
  const rollout = () => {
    const outcomes: RolloutOutcome[] = [];
    const { executeWorkflow } = createRollout({
      v1: () => ({ success: true }),
      v2: engine,
      percent: 100,
      shadow: recorder,
      executionId: () => "r1",
      onOutcome: (outcome) => void outcomes.push(outcome),
    });
    return { outcomes, executeWorkflow };
  };
  const [first, second] = [rollout(), rollout()];
  await second.executeWorkflow(CALL);
  fails = false;
  await second.executeWorkflow(CALL);
  // A resume by one rollout is no recovery for the other one.
  expect(first.outcomes).toEqual([]);
  expect(second.outcomes).toMatchObject([{ reason: "percent" }, { reason: "continued" }]);
  await engine.startExecution({ ...CALL, executionId: "r2" });
  await engine.recoverExecutions();
  recorder.wrap("a", () => undefined)();
  const all = [...first.outcomes, ...second.outcomes.slice(2)];
  expect(all.map((outcome) => (outcome.kind === "run" ? outcome.reason : outcome.kind))).toEqual([
    "recovery",
    "direct",
  ]);
});

it("a sample that answers with a promise records nothing, and its rejection ends nothing", async () => {
  const recorder = createRecorder({ sample: (() => Promise.reject(new Error("flag"))) as unknown as () => boolean });
  await recorder.run(CALL, () => ({ success: true }));
  expect(recorder.stats).toMatchObject({ runs: 1, recorded: 0, errors: 1 });
});
