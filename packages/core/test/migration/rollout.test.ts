import { describe, expect, it } from "vitest";
import { isWorkflowError, suspend } from "../../src/index.ts";
import { createRollout } from "../../src/migration/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { until } from "../engine/turns.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

describe("the result of a call", () => {
  it("is V1's, with the executor and the execution", async () => {
    const v2 = await twoExecutors().rollout.executeWorkflow(CALL);
    expect(v2).toEqual({
      success: true,
      output: { n: 1, a: true, b: true },
      executor: "v2",
      executionId: expect.any(String),
    });
    const v1 = await twoExecutors({ percent: 0 }).rollout.executeWorkflow(CALL);
    expect(v1).toEqual({ success: true, output: { n: 1, a: true, b: true }, executor: "v1" });
  });

  it("is a failure with V1's fields if a node of V2 fails, and V1 does not run", async () => {
    const { rollout, ran, runs } = twoExecutors({}, { executor: () => Promise.reject(new Error("no stock")) });
    const result = await rollout.executeWorkflow(CALL);
    expect(result).toEqual({ success: false, error: "no stock", executor: "v2", executionId: expect.any(String) });
    expect(ran).toEqual(["v2:a"]);
    expect(runs()).toMatchObject([
      { executor: "v2", success: false, status: "failed", failure: { code: "NODE_FAILED" } },
    ]);
  });

  it("names the status if V2 waits for an answer", async () => {
    const { rollout, runs } = twoExecutors({}, { executor: () => suspend() });
    expect(await rollout.executeWorkflow(CALL)).toMatchObject({ success: false, error: "The execution is suspended." });
    expect(runs()).toMatchObject([{ status: "suspended", success: false }]);
  });

  it("is what V1 throws, if V1 throws", async () => {
    const { rollout, runs } = twoExecutors({ percent: 0, v1: () => Promise.reject(new RangeError("too many")) });
    await expect(rollout.executeWorkflow(CALL)).rejects.toThrow(RangeError);
    expect(runs()).toMatchObject([
      { executor: "v1", success: false, failure: { code: "RangeError", message: "too many" } },
    ]);
  });
});

describe("the choice of the executor", () => {
  it("passes unknown fields of a call to V1 and to the key", async () => {
    const { rollout, v1Calls, runs } = twoExecutors({ by: ({ tenant = "" }) => tenant, percent: 50 });
    for (let i = 0; i < 50; i++) await rollout.executeWorkflow({ ...CALL, tenant: `t${i}` });
    expect(v1Calls.length).toBeGreaterThan(10);
    expect(v1Calls.length).toBeLessThan(40);
    expect(v1Calls[0]).toHaveProperty("tenant");
    expect(new Set(runs().map(({ key }) => key)).size).toBe(50);
  });

  it("goes by the workflow unless told otherwise", async () => {
    const { rollout, runs } = twoExecutors({ percent: 50 });
    for (const userId of ["u1", "u2", "u3"]) await rollout.executeWorkflow({ ...CALL, userId });
    expect(new Set(runs().map(({ executor }) => executor)).size).toBe(1);
    expect(runs().map(({ key }) => key)).toEqual(["w1", "w1", "w1"]);
  });

  it("prefers a user's override to the workflow's, and both to the percentage", async () => {
    const overrides = { workflows: { w1: "v2" }, users: { careful: "v1" } } as const;
    const { rollout, runs } = twoExecutors({ percent: 0, overrides });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v2");
    expect((await rollout.executeWorkflow({ ...CALL, userId: "careful" })).executor).toBe("v1");
    expect((await rollout.executeWorkflow({ ...CALL, userId: "constructor" })).executor).toBe("v2");
    expect(runs().map(({ reason }) => reason)).toEqual(["override", "override", "override"]);
  });

  it.each([
    ["NaN", () => Number.NaN],
    ["a negative number", () => -1],
    ["more than 100", () => 101],
    ["infinity", async () => Number.POSITIVE_INFINITY],
    ["text", () => "100" as unknown as number],
    ["nothing", () => undefined as unknown as number],
    ["a rejection", () => Promise.reject(new Error("flags are down"))],
    [
      "an error",
      () => {
        throw new Error("flags are down");
      },
    ],
  ])("is V1 if percent returns %s", async (_what, percent) => {
    const { rollout, runs } = twoExecutors({ percent });
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
    expect(runs()).toMatchObject([{ executor: "v1", reason: "undecided", because: { message: expect.any(String) } }]);
  });

  it("is V1 if percent does not answer within a second", async () => {
    const clock = new ManualClock();
    const { rollout } = twoExecutors({ percent: () => new Promise<number>(() => undefined) }, { clock });
    const result = rollout.executeWorkflow(CALL);
    await until(() => clock.nextMs !== undefined);
    expect(clock.nextMs).toBe(1_000);
    clock.advance(1_000);
    expect((await result).executor).toBe("v1");
  });

  it.each([
    ["by", { by: () => Promise.reject(new Error("no key")) }],
    ["by", { by: () => "" }],
    ["executionId", { executionId: () => "x".repeat(600) }],
    [
      "executionId",
      {
        executionId: () => {
          throw new Error("no id");
        },
      },
    ],
  ])("is V1 if %s fails", async (_name, options) => {
    const { rollout } = twoExecutors(options);
    expect((await rollout.executeWorkflow(CALL)).executor).toBe("v1");
  });

  it.each([
    [{ percent: 101 }],
    [{ percent: Number.NaN }],
    [{ by: "flow" }],
    [{ overrides: { workflows: { w1: "v3" } } }],
    [{ stopIf: { errorRate: 2 } }],
    [{ stopIf: { misses: 1 } }],
    [{ v2: { executeWorkflow: async () => undefined } }],
    [{ shadows: {} }],
  ])("refuses the options %j", (options) => {
    expect(() => twoExecutors(options as object)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("takes a copy of an engine's members as V2", async () => {
    const { engine } = twoExecutors();
    const v1 = async () => ({ success: false });
    const { executeWorkflow } = createRollout({ v1, v2: { ...engine }, percent: 100 });
    expect((await executeWorkflow(CALL)).executor).toBe("v2");
  });
});

describe("listeners that fail", () => {
  it("harm no call", async () => {
    const fail = () => {
      throw new Error("disk full");
    };
    for (const onOutcome of [fail, () => Promise.reject(new Error("disk full"))]) {
      const { rollout } = twoExecutors({ onOutcome });
      expect((await rollout.executeWorkflow(CALL)).success).toBe(true);
    }
  });
});

it("a wrong call of V2 that V1 takes is run by V1", async () => {
  const { rollout, runs } = twoExecutors();
  expect((await rollout.executeWorkflow({ ...CALL, workflowId: "new" })).executor).toBe("v1");
  expect((await rollout.executeWorkflow({ ...CALL, initialData: { f: () => 1 } })).executor).toBe("v1");
  expect(runs().map(({ reason, because }) => [reason, because?.code])).toEqual([
    ["fallback", "WORKFLOW_NOT_FOUND"],
    ["fallback", "STATE_NOT_SERIALIZABLE"],
  ]);
  expect(isWorkflowError(new Error("no"))).toBe(false);
});
