import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
const BOTH = ["join", "resume"] as const;

/** Nodes of which the first start lasts until it is told to end. */
function slowly() {
  let finish: (() => void) | undefined;
  const started: string[] = [];
  const executor: NodeExecutor = async (args) => {
    started.push(args.node.id);
    if (started.length === 1) {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    }
    return append(args);
  };
  return {
    ...newWorld(WORKFLOW, executor),
    started,
    untilStarted: () => until(() => finish !== undefined),
    finish: () => finish?.(),
  };
}

describe.each(BOTH)("executeWorkflow with ifExists %s", (ifExists) => {
  it("creates what is not there", async () => {
    const { engine } = newWorld(WORKFLOW, append);
    expect(await engine().executeWorkflow({ ...CALL, ifExists })).toMatchObject({ status: "completed" });
  });

  it("returns the recorded result of one that has completed, and runs nothing", async () => {
    let calls = 0;
    const { engine, store } = newWorld(WORKFLOW, (args) => {
      calls += 1;
      return append(args);
    });
    const first = await engine().executeWorkflow({ ...CALL, initialData: { a: 1 } });
    const before = await headIn(store, "e1");
    const joined = await engine().executeWorkflow({ ...CALL, ifExists, initialData: { not: "compared" } });
    expect({ ...joined, durationMs: 0 }).toEqual({ ...first, durationMs: 0 });
    expect(await headIn(store, "e1")).toEqual(before);
    expect(calls).toBe(2);
  });

  it("returns the waits of one that is suspended, and answers nothing", async () => {
    const { engine, store } = newWorld(WORKFLOW, () => suspend({ reason: "ask", forMs: 1_000 }));
    const first = await engine().executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    const joined = await engine().executeWorkflow({ ...CALL, ifExists });
    expect({ ...joined, durationMs: 0 }).toEqual({ ...first, durationMs: 0 });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("returns the recorded result of one that was cancelled", async () => {
    const { engine } = newWorld(WORKFLOW, () => suspend());
    await engine().executeWorkflow(CALL);
    await engine().cancelExecution({ executionId: "e1", reason: "why" });
    const joined = await engine().executeWorkflow({ ...CALL, ifExists });
    expect(joined).toMatchObject({ status: "cancelled", error: "The execution was cancelled: why" });
  });

  it(`${ifExists === "join" ? "returns the recorded failure of" : "resumes"} one that has failed`, async () => {
    const { engine } = newWorld(WORKFLOW, (args) => {
      if (args.attempt === 1 && args.node.id === "n1") throw new Error("boom");
      return append(args);
    });
    await engine().executeWorkflow(CALL);
    const joined = await engine().executeWorkflow({ ...CALL, ifExists });
    expect(joined).toMatchObject(
      ifExists === "join" ? { status: "failed", failure: { message: "boom" } } : { status: "completed" },
    );
  });

  it.each(["the same engine", "another process"])("waits for a run of %s, and returns how it ends", async (whose) => {
    const { engine, toEnd, finish, untilStarted, started, clock } = slowly();
    const first = engine();
    const run = first.executeWorkflow(CALL);
    await untilStarted();
    const joined = (whose === "another process" ? engine() : first).executeWorkflow({ ...CALL, ifExists });
    await settle();
    finish();
    expect(await run).toMatchObject({ status: "completed" });
    if (whose === "the same engine") {
      await settle();
      expect(clock.elapsed()).toBe(0);
    }
    expect(await toEnd(joined)).toMatchObject({ status: "completed", output: { ran: ["n1", "n2"] } });
    expect(clock.elapsed()).toBeLessThan(2_000);
    expect(started).toEqual(["n1", "n2"]);
  });

  it.each([
    ["budgetMs", { budgetMs: 2_000 }],
    ["timeoutMs", { timeoutMs: 2_000 }],
    ["signal", {}],
  ])("waits no longer than its %s, and leaves the run alone", async (name, limits) => {
    const { engine, toEnd, finish, untilStarted, clock } = slowly();
    const run = engine().executeWorkflow(CALL);
    await untilStarted();
    const controller = new AbortController();
    const signal = name === "signal" ? { signal: controller.signal, onAbort: "cancel" as const } : {};
    const joined = engine().executeWorkflow({ ...CALL, ifExists, ...limits, ...signal });
    joined.catch(() => undefined);
    await settle();
    controller.abort();
    await expect(toEnd(joined)).rejects.toMatchObject({
      code: "LEASE_HELD",
      details: { retryAfterMs: expect.any(Number) },
    });
    expect(clock.elapsed()).toBeLessThanOrEqual(2_000);
    finish();
    expect(await run).toMatchObject({ status: "completed" });
  });

  it("takes over a run whose owner has died, once its lease is over", async () => {
    const { engine, toEnd, untilStarted, started, clock } = slowly();
    void engine({ leaseMs: 0 }).executeWorkflow(CALL);
    await untilStarted();
    expect(await toEnd(engine().executeWorkflow({ ...CALL, ifExists }))).toMatchObject({ status: "completed" });
    expect(started).toEqual(["n1", "n1", "n2"]);
    expect(clock.elapsed()).toBeLessThan(1);
  });

  it("by ten calls of ten processes at once runs each node once, and returns the same to all", async () => {
    const started: string[] = [];
    const { engine, toEnd } = newWorld(WORKFLOW, async (args) => {
      started.push(args.node.id);
      await settle();
      return append(args);
    });
    const calls = Array.from({ length: 10 }, () => engine().executeWorkflow({ ...CALL, ifExists }));
    const results = await toEnd(Promise.all(calls));
    expect(new Set(results.map((result) => JSON.stringify({ ...result, durationMs: 0 }))).size).toBe(1);
    expect(started).toEqual(["n1", "n2"]);
  });

  it("refuses an id of another workflow or user in the words of a taken one", async () => {
    const { engine } = newWorld(WORKFLOW, append, { workflows: [WORKFLOW, { ...WORKFLOW, id: "other" }] });
    const { executeWorkflow } = engine();
    await executeWorkflow(CALL);
    const refused = { code: "EXECUTION_ALREADY_EXISTS" };
    await expect(executeWorkflow({ ...CALL, userId: "u2", ifExists })).rejects.toMatchObject(refused);
    await expect(executeWorkflow({ ...CALL, workflowId: "other", ifExists })).rejects.toMatchObject(refused);
  });
});

describe("a pending execution", () => {
  it("is waited for by join, until a recovery has run it", async () => {
    const { engine, toEnd } = newWorld(WORKFLOW, append);
    const { startExecution, executeWorkflow } = engine();
    await startExecution(CALL);
    const joined = executeWorkflow({ ...CALL, ifExists: "join" });
    await settle();
    await engine().recoverExecutions();
    expect(await toEnd(joined)).toMatchObject({ status: "completed" });
  });

  it("is returned as pending by join if the budget is over before", async () => {
    const { engine, toEnd, store } = newWorld(WORKFLOW, append);
    const { startExecution, executeWorkflow } = engine();
    await startExecution(CALL);
    const joined = executeWorkflow({ ...CALL, ifExists: "join", budgetMs: 1_000 });
    expect(await toEnd(joined)).toMatchObject({ status: "pending", currentStep: 0 });
    expect((await store.getExecution("e1"))?.version).toBe(0);
  });

  it("is run by resume", async () => {
    const { engine } = newWorld(WORKFLOW, append);
    const { startExecution, executeWorkflow } = engine();
    await startExecution(CALL);
    expect(await executeWorkflow({ ...CALL, ifExists: "resume" })).toMatchObject({ status: "completed" });
  });
});
