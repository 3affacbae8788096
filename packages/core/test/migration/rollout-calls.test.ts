import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type WorkflowDefinition, WorkflowError } from "../../src/index.ts";
import { createRecorder, createRollout, type V1Call, type V1Result } from "../../src/migration/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

/** A call with fields that the type of V1's calls does not have. */
const call = (fields: object): V1Call => ({ ...CALL, ...fields });

/** Two nodes without edges, so that a run can start at either. */
const APART: WorkflowDefinition = { id: "w1", nodes: [{ id: "a" }, { id: "b" }], edges: [] };

describe("V2 gets the fields of a call that it knows", () => {
  it("startAt, metadata and executionId, and V1 and `by` get all of them", async () => {
    const keys: object[] = [];
    const by = (given: object) => {
      keys.push(given);
      return "key";
    };
    const { rollout, ran, engine, v1Calls } = twoExecutors({ by }, { workflows: [APART] });
    const given = call({ startAt: "b", metadata: { tag: "1" }, executionId: "mine", tenant: "t1", locale: "fr" });
    expect(await rollout.executeWorkflow(given)).toMatchObject({ executor: "v2", executionId: "mine" });
    expect(ran).toEqual(["v2:b"]);
    const state = await engine.getExecutionState("mine");
    expect(state.getMetadata()).toMatchObject({ tag: "1" });
    expect(keys).toEqual([given]);
    const toV1 = twoExecutors({ percent: 0 });
    await toV1.rollout.executeWorkflow(given);
    expect(toV1.v1Calls).toEqual([given]);
    expect(v1Calls).toEqual([]);
  });

  it("limits of the run: budgetMs, maxNodeRuns, throwOnFailure", async () => {
    const { rollout, engine, ran } = twoExecutors();
    const waiting = await rollout.executeWorkflow(call({ budgetMs: 0 }));
    expect(ran).toEqual([]);
    expect((await engine.getExecutionState(String(waiting.executionId))).getStatus()).toBe("pending");
    const limited = rollout.executeWorkflow(call({ maxNodeRuns: 1, throwOnFailure: true }));
    await expect(limited).rejects.toMatchObject({ code: "NODE_RUN_LIMIT" });
    expect(ran).toEqual(["v2:a"]);
  });

  it("signal: what its caller has aborted runs in neither", async () => {
    const { rollout, ran } = twoExecutors();
    const result = await rollout.executeWorkflow(call({ signal: AbortSignal.abort() }));
    expect(result).toMatchObject({ executor: "v2", success: false });
    expect(ran).toEqual([]);
  });

  it("its own executionId, with which a retry continues whatever the percentage", async () => {
    let percent = 100;
    let fails = true;
    const { rollout, ran, runs } = twoExecutors(
      { percent: () => percent },
      { executor: ({ context }) => (fails ? Promise.reject(new Error("x")) : context) },
    );
    await rollout.executeWorkflow(call({ executionId: "e1" }));
    percent = 0;
    fails = false;
    expect(await rollout.executeWorkflow(call({ executionId: "e1" }))).toMatchObject({ success: true, executor: "v2" });
    expect(ran).toEqual(["v2:a", "v2:a", "v2:b"]);
    expect(runs().map(({ reason }) => reason)).toEqual(["percent", "continued"]);
  });

  it("resumeFromExecutionId, which only V2 can serve", async () => {
    let fails = true;
    const { rollout, engine, ran } = twoExecutors(
      { percent: 0 },
      { executor: ({ context }) => (fails ? Promise.reject(new Error("x")) : context) },
    );
    const { executionId } = await engine.executeWorkflow(CALL);
    fails = false;
    const { initialData: _none, ...rest } = CALL;
    const resumed = await rollout.executeWorkflow({ ...rest, resumeFromExecutionId: executionId } as V1Call);
    expect(resumed).toMatchObject({ success: true, executor: "v2", executionId });
    const unknown = { ...rest, resumeFromExecutionId: "unknown" } as V1Call;
    await expect(rollout.executeWorkflow(unknown)).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    expect(ran).not.toContain("v1");
  });

  it("metadata that is none: V2 refuses it, and V1 runs", async () => {
    const { rollout, runs } = twoExecutors();
    expect((await rollout.executeWorkflow(call({ metadata: { nested: { a: 1 } } }))).executor).toBe("v1");
    expect((await rollout.executeWorkflow(call({ metadata: "text" }))).executor).toBe("v1");
    expect(runs().map(({ because }) => because?.code)).toEqual(["INVALID_ARGUMENT", "INVALID_ARGUMENT"]);
  });

  it("startAt also in a comparison", async () => {
    const shadow = createRecorder();
    const run = shadow.wrap("default", ({ context }: { context: object; nodeId: string }) => ({ ...context, b: true }));
    const { rollout, outcomes } = twoExecutors(
      { percent: 0, shadow, v1: () => ({ success: true, output: run({ context: { n: 1 }, nodeId: "b" }) }) },
      { workflows: [APART] },
    );
    await rollout.executeWorkflow(call({ startAt: "b" }));
    await rollout.executeWorkflow(call({ startAt: ["b"] }));
    await rollout.executeWorkflow(CALL);
    await rollout.settled();
    const found = outcomes.flatMap((outcome) => (outcome.kind === "shadow" ? [outcome.result] : []));
    expect(found).toEqual(["equal", "equal", "different"]);
  });
});

describe("a call that is wrong", () => {
  it.each([undefined, null, "w1", 5])("is refused with a code if it is %s", async (given) => {
    const { rollout, ran } = twoExecutors();
    const wrong = rollout.executeWorkflow(given as unknown as V1Call);
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    await expect(wrong).rejects.toBeInstanceOf(WorkflowError);
    expect(ran).toEqual([]);
  });

  it("goes to V1 if its ids cannot even be written", async () => {
    const { rollout } = twoExecutors({ overrides: { users: { u1: "v2" } } });
    const userId = Object.create(null) as string;
    expect((await rollout.executeWorkflow({ ...CALL, userId })).executor).toBe("v1");
  });

  it.each<[unknown, RegExp]>([
    [() => 7, /not a string or undefined: write it as a text, with String\(id\)/],
    [() => Promise.reject(new Error("async")), /returned a Promise, and not a string/],
    [() => "", /must not be empty/],
  ])("goes to V1 with the cure if executionId is %s", async (executionId, message) => {
    const { rollout, runs } = twoExecutors({ executionId: executionId as () => string });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
    expect(runs()).toMatchObject([{ reason: "undecided", because: { message: expect.stringMatching(message) } }]);
  });
});

describe("the result is V1's", () => {
  class Result {
    readonly #output = { n: 1 };
    get success(): boolean {
      return true;
    }
    get output(): object {
      return this.#output;
    }
  }

  it.each<[string, unknown, object]>([
    ["a plain one", { success: true, output: { n: 1 } }, { success: true, output: { n: 1 } }],
    ["with an executionId of its own", { success: true, executionId: "row 5" }, { executionId: "row 5" }],
    ["an instance of a class with private fields", new Result(), { success: true, output: { n: 1 } }],
    ["a frozen instance", Object.freeze(new Result()), { success: true, output: { n: 1 } }],
    ["nothing", undefined, {}],
    ["a text", "done", {}],
  ])("%s", async (_what, result, expected) => {
    const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [APART], executors: {} });
    const { executeWorkflow } = createRollout({ v1: () => result as V1Result, v2: engine, percent: 0 });
    const served = await executeWorkflow(CALL);
    expect(served).toMatchObject({ ...expected, executor: "v1" });
    if (result instanceof Result && !Object.isFrozen(result)) expect(served).toBe(result);
    if (typeof result === "string") expect(served).toEqual({ executor: "v1" });
  });
});
