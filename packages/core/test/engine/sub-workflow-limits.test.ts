import { describe, expect, it } from "vitest";
import type { NodeExecutor } from "../../src/index.ts";
import { CALL, chainOf, type FamilyOptions, newFamily } from "./family-world.ts";
import { settle, until } from "./turns.ts";

/** Ends with its signal, and not by itself. */
const hanging: NodeExecutor = ({ signal, context }) =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(context)));

/** The node waits until it is let go. */
function held() {
  let letGo = (): void => undefined;
  let isBegun = false;
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const executor: NodeExecutor = async ({ context }) => {
    isBegun = true;
    await gone;
    return context;
  };
  return { executor, letGo, begun: () => until(() => isBegun) };
}

describe("a timeout", () => {
  it("of the parent's node fails the child, and the next attempt resumes it where it was", async () => {
    const parent = chainOf("parent", "first", "sub", "last");
    const nodes = parent.nodes.map((node) =>
      node.id === "sub" ? { ...node, timeoutMs: 1_000, retry: { maxAttempts: 2, backoffMs: 10 } } : node,
    );
    const workflows = [{ ...parent, nodes }, chainOf("child", "one", "slow")];
    let isSlow = true;
    const slow: NodeExecutor = (args) => {
      if (!isSlow) return args.context;
      isSlow = false;
      return hanging(args);
    };
    const { engine, toEnd, events, runs, child } = newFamily({ workflows, executors: { slow } });
    expect(await toEnd(engine().executeWorkflow(CALL))).toMatchObject({ status: "completed" });
    const failed = events.filter(({ type }) => type === "node.failed");
    expect(failed).toMatchObject(
      expect.arrayContaining([
        expect.objectContaining({
          executionId: "p1",
          nodeId: "sub",
          failure: expect.objectContaining({ code: "NODE_TIMEOUT" }),
        }),
      ]),
    );
    expect(runs).toEqual(["first", "child:one", "last"]);
    expect(await child()).toMatchObject({ status: "completed" });
  });

  it("of the parent's run fails both, and both are resumed together", async () => {
    let isSlow = true;
    const two: NodeExecutor = (args) => (isSlow ? hanging(args) : args.context);
    const { engine, toEnd, child } = newFamily({ executors: { two } });
    const result = await toEnd(engine().executeWorkflow({ ...CALL, timeoutMs: 1_000 }));
    expect(result).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT", nodeId: "sub" } });
    await settle();
    expect(await child()).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT", nodeId: "two" } });
    isSlow = false;
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({ status: "completed" });
  });

  it("by the deadline of the parent is one of the child, too", async () => {
    const { engine, toEnd, child, data, clock } = newFamily({ executors: { two: hanging } });
    const result = await toEnd(engine().executeWorkflow({ ...CALL, deadlineMs: 5_000 }));
    expect(result).toMatchObject({ status: "failed", failure: { code: "EXECUTION_TIMEOUT" } });
    await settle();
    const { deadlineAt } = await child();
    expect(deadlineAt).toBe((await data.getExecution("p1"))?.deadlineAt);
    expect(clock.now()).toBeGreaterThanOrEqual(deadlineAt ?? Number.NaN);
  });
});

describe("a parent that is stopped in the middle of its child leaves both pending and due", () => {
  const check = async ({ engine, child, data, toEnd, runs }: ReturnType<typeof newFamily>) => {
    for (const head of [await child(), await data.getExecution("p1")]) {
      expect(head).toMatchObject({ status: "pending" });
      expect(head?.wakeAt).toBeLessThanOrEqual(head?.readAt ?? 0);
    }
    expect(runs).not.toContain("child:two");
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({ status: "completed" });
    expect(runs.filter((each) => each === "child:two")).toHaveLength(1);
  };

  it("by its budget", async () => {
    const family = newFamily();
    const one: NodeExecutor = ({ context }) => {
      family.clock.advance(600);
      return context;
    };
    const result = await family.toEnd(
      family.engine({ executors: { one } }).executeWorkflow({ ...CALL, budgetMs: 500 }),
    );
    expect(result).toMatchObject({ status: "pending", currentStep: 1 });
    await check(family);
  });

  it("by drain()", async () => {
    const family = newFamily();
    const { executor: one, begun, letGo } = held();
    const draining = family.engine({ executors: { one } });
    const running = draining.executeWorkflow(CALL);
    await begun();
    const drained = draining.drain();
    letGo();
    expect(await running).toMatchObject({ status: "pending" });
    await drained;
    await check(family);
  });

  it("by its signal", async () => {
    const family = newFamily();
    const controller = new AbortController();
    const engine = family.engine({ executors: { one: hanging } });
    const running = engine.executeWorkflow({ ...CALL, signal: controller.signal });
    await until(() => family.runs.includes("first"));
    await settle();
    controller.abort(new Error("the pod goes"));
    expect(await family.toEnd(running)).toMatchObject({ status: "pending" });
    await check(family);
  });
});

describe("a budget that ends the lookup of a child's workflow", () => {
  it("leaves the parent pending: it is no failure of its node", async () => {
    const { engine, workflows, toEnd } = newFamily();
    let lookups = 0;
    const find = (id: string) => {
      // The first one is that of the call, before anything is written.
      const isSlow = id === "child" && ++lookups === 2;
      return isSlow ? new Promise<never>(() => undefined) : workflows.find((each) => each.id === id);
    };
    const result = await toEnd(engine({ find }).executeWorkflow({ ...CALL, budgetMs: 500 }));
    expect(result).toMatchObject({ status: "pending", currentStep: 1, canResume: true });
    expect(result.failure).toBeUndefined();
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({ status: "completed" });
  });
});

describe("a child that waits for its next attempt", () => {
  const options: FamilyOptions = { retry: { maxAttempts: 2, backoffMs: 60_000, jitter: 0, retryOn: ["Error"] } };
  const flaky: NodeExecutor = ({ attempt, context }) => {
    if (attempt === 1) throw new Error("503");
    return context;
  };

  it("keeps its parent waiting, or lets a recovery wake it then", async () => {
    const { engine, toEnd, data, child, clock } = newFamily({ ...options, executors: { one: flaky } });
    const wakeAt = clock.now() + 60_000;
    await engine().startExecution(CALL);
    await toEnd(engine().recoverExecutions());
    expect(await child()).toMatchObject({ status: "pending", wakeAt });
    expect(await data.getExecution("p1")).toMatchObject({ status: "pending", wakeAt });
    clock.advance(60_000);
    for (let round = 0; round < 2; round++) await toEnd(engine().recoverExecutions());
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    const other = await toEnd(engine().executeWorkflow({ ...CALL, executionId: "p2" }));
    expect(other).toMatchObject({ status: "completed" });
  });
});
