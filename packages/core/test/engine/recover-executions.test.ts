import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { headIn } from "../head-in.ts";
import { append, chain } from "./chain.ts";
import { settle } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
/** A workflow of another application on the same store. */
const FOREIGN: WorkflowDefinition = { ...chain(1), id: "foreign" };

describe("recoverExecutions", () => {
  it("resumes what is due and what lost its owner, the longest waiting first, and leaves the rest alone", async () => {
    const order: string[] = [];
    let hangs = true;
    const executor: NodeExecutor = (args) => {
      if (args.executionId === "waits") return args.resume === undefined ? suspend() : append(args);
      if (args.executionId === "crashed" && hangs) return new Promise<never>(() => undefined);
      if (args.executionId === "fails") throw new Error("boom");
      if (args.node.id === "n1") order.push(args.executionId);
      return append(args);
    };
    const { engine, store, pass, toEnd } = newWorld(WORKFLOW, executor);
    const { startExecution, executeWorkflow, recoverExecutions } = engine();
    const at = (executionId: string) => ({ ...CALL, executionId });
    await startExecution(at("first"));
    await pass(10);
    void engine({ leaseMs: 0 }).executeWorkflow(at("crashed"));
    await settle();
    await pass(10);
    await startExecution(at("last"));
    for (const each of ["waits", "fails", "done"]) await executeWorkflow(at(each));
    order.length = 0;
    hangs = false;
    const before = await Promise.all(["waits", "fails", "done"].map((each) => headIn(store, each)));
    expect(await toEnd(recoverExecutions({ concurrency: 1 }))).toEqual({ resumed: 3, left: [] });
    expect(order).toEqual(["first", "crashed", "last"]);
    expect(await Promise.all(["waits", "fails", "done"].map((each) => headIn(store, each)))).toEqual(before);
    expect(await recoverExecutions()).toEqual({ resumed: 0, left: [] });
  });

  it("resumes up to its limit, with no more at a time than it may, and of one user or workflow if asked", async () => {
    let running = 0;
    let most = 0;
    const executor: NodeExecutor = async (args) => {
      most = Math.max(most, ++running);
      await settle();
      running -= 1;
      return append(args);
    };
    const { engine } = newWorld(WORKFLOW, executor);
    const { startExecution, recoverExecutions, forUser } = engine();
    for (let each = 0; each < 20; each++) {
      await startExecution({ workflowId: "chain", userId: each < 5 ? "u1" : "u2", executionId: `e${each}` });
    }
    expect(await recoverExecutions({ userId: "u1", limit: 3, concurrency: 8 })).toEqual({ resumed: 3, left: [] });
    expect(most).toBeLessThanOrEqual(3);
    expect(await forUser("u1").recoverExecutions()).toEqual({ resumed: 2, left: [] });
    expect(await recoverExecutions({ workflowId: "other" })).toEqual({ resumed: 0, left: [] });
    expect(await recoverExecutions({ concurrency: 4 })).toEqual({ resumed: 15, left: [] });
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each([
    { userId: undefined },
    { userId: "" },
    { workflowId: null },
    { limit: 0 },
    { concurrency: 1.5 },
    { user: "u1" },
  ])("refuses %o, and resumes nothing", async (wrong) => {
    const { engine, store } = newWorld(WORKFLOW, append);
    const { startExecution, recoverExecutions, startRecovery } = engine();
    await startExecution(CALL);
    await expect(recoverExecutions(wrong as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(() => startRecovery(wrong as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", version: 0 });
  });

  it("starts no node after its budget, and none after its signal; what it began is due again", async () => {
    const controller = new AbortController();
    let starts = 0;
    const { engine, store, clock } = newWorld(WORKFLOW, (args) => {
      starts += 1;
      if (starts === 1) clock.advance(600);
      if (starts === 2) controller.abort();
      return append(args);
    });
    const { startExecution, recoverExecutions } = engine();
    for (const executionId of ["e1", "e2", "e3"]) await startExecution({ ...CALL, executionId });
    expect(await recoverExecutions({ budgetMs: 500, concurrency: 1 })).toEqual({ resumed: 1, left: [] });
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", currentStep: 1, wakeAt: clock.now() });
    const { signal } = controller;
    expect(await recoverExecutions({ signal, concurrency: 1 })).toMatchObject({ resumed: 1 });
    expect(starts).toBe(2);
    expect(await recoverExecutions()).toEqual({ resumed: 3, left: [] });
  });

  it("does not call a lookup that its budget or signal cut off one that it cannot run", async () => {
    const controller = new AbortController();
    const workflows = () => new Promise<never>(() => undefined);
    const { engine, toEnd } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const { recoverExecutions } = engine({ workflows });
    const recovered = recoverExecutions({ signal: controller.signal });
    const budgeted = recoverExecutions({ budgetMs: 1_000 });
    await settle();
    controller.abort(new Error("enough"));
    expect(await toEnd(Promise.race([recovered, hasPassed()]))).toEqual({ resumed: 0, left: [] });
    expect(await toEnd(Promise.race([budgeted, hasPassed()]))).toEqual({ resumed: 0, left: [] });
  });

  it("throws what the store throws, and loses nothing", async () => {
    const { engine, store } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const closed = store.reopen();
    await closed.close();
    await expect(engine({ store: closed }).recoverExecutions()).rejects.toMatchObject({ code: "STORE_CLOSED" });
    expect(await engine().recoverExecutions()).toEqual({ resumed: 1, left: [] });
  });
});

describe("what an engine cannot run", () => {
  it("is left untouched, named with its code, counted neither as resumed nor as a crash, and told once", async () => {
    const { engine, store, events } = newWorld(FOREIGN, append);
    const theirs = engine();
    for (let each = 0; each < 3; each++) await theirs.startExecution({ ...callOf(FOREIGN), executionId: `f${each}` });
    void engine({ leaseMs: 0, executors: { default: () => new Promise<never>(() => undefined) } }).executeWorkflow({
      ...callOf(FOREIGN),
      executionId: "f3",
    });
    await settle();
    const ids = ["f0", "f1", "f2", "f3"];
    const before = await Promise.all(ids.map((id) => headIn(store, id)));
    const ours = engine({ workflows: [WORKFLOW] });
    for (let pass = 0; pass < 3; pass++) {
      const { resumed, left } = await ours.recoverExecutions({ limit: 1 });
      expect(resumed).toBe(0);
      expect(left.map(({ executionId, code }) => [executionId, code]).sort()).toEqual(
        ids.map((id) => [id, "WORKFLOW_NOT_FOUND"]),
      );
    }
    expect(await Promise.all(ids.map((id) => headIn(store, id)))).toEqual(before);
    expect(events.filter(({ type }) => type === "recovery.left")).toHaveLength(4);
  });

  it.each<[string, Parameters<ReturnType<typeof newWorld>["engine"]>[0], string]>([
    ["a workflow it has not", { workflows: [] }, "WORKFLOW_NOT_FOUND"],
    ["a workflow that is looked up without success", { workflows: () => undefined }, "WORKFLOW_NOT_FOUND"],
    ["a node type it has not", { executors: {} }, "UNKNOWN_NODE_TYPE"],
    ["a workflow whose lookup fails", { workflows: fails }, "LOOKUP_FAILED"],
    ["a node type whose lookup fails", { executors: fails }, "LOOKUP_FAILED"],
  ])("%s, is left for one that can", async (_what, options, code) => {
    const { engine, store } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const before = await headIn(store, "e1");
    expect(await engine(options).recoverExecutions()).toEqual({ resumed: 0, left: [{ executionId: "e1", code }] });
    expect(await headIn(store, "e1")).toEqual(before);
    expect(await engine().recoverExecutions()).toEqual({ resumed: 1, left: [] });
  });

  it("is told once with what its lookup threw, without credentials", async () => {
    const { engine, events } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const { recoverExecutions } = engine({ workflows: fails });
    for (let pass = 0; pass < 3; pass++) await recoverExecutions();
    expect(events.filter(({ type }) => type === "recovery.left")).toEqual([
      expect.objectContaining({
        executionId: "e1",
        code: "LOOKUP_FAILED",
        message: expect.stringContaining("is down"),
      }),
    ]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  it("does not hold up its own: one that is due after 1,000 of another application runs in one pass", async () => {
    const { engine, store, clock } = newWorld(FOREIGN, append);
    const theirs = engine();
    for (let each = 0; each < 1_000; each++)
      await theirs.startExecution({ ...callOf(FOREIGN), executionId: `f${each}` });
    clock.advance(1);
    const ours = engine({ workflows: [WORKFLOW] });
    await ours.startExecution(CALL);
    const { resumed, left } = await ours.recoverExecutions({ limit: 1 });
    expect([resumed, left.length]).toEqual([1, 1_000]);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("two versions of an application with different workflows complete all on one store, each by the right one", async () => {
    const by = new Map<string, Set<string>>();
    const version = (name: string): { default: NodeExecutor } => ({
      default: (args) => {
        by.set(args.executionId, (by.get(args.executionId) ?? new Set()).add(name));
        return append(args);
      },
    });
    const { engine, store } = newWorld(WORKFLOW, append);
    const workflow = (id: string, length = 2) => ({ ...chain(length), id });
    const versions = [
      engine({ workflows: [workflow("both"), workflow("old")], executors: version("v1") }),
      engine({ workflows: [workflow("both", 3), workflow("new")], executors: version("v2") }),
    ];
    for (let each = 0; each < 30; each++) {
      const [workflowId, maker] = [
        ["old", 0],
        ["new", 1],
        ["both", each % 2],
      ][each % 3] as [string, number];
      await versions[maker]?.startExecution({ workflowId, userId: "u1", executionId: `${workflowId}${each}` });
    }
    const passes = [0, 1, 0, 1].map((index) => versions[index]?.recoverExecutions({ concurrency: 2 }));
    await Promise.all(passes);
    const { items } = await store.listExecutions();
    expect(items.every(({ status }) => status === "completed")).toBe(true);
    for (const [executionId, names] of by) {
      if (executionId.startsWith("old")) expect([...names]).toEqual(["v1"]);
      if (executionId.startsWith("new")) expect([...names]).toEqual(["v2"]);
      expect(names.size).toBe(1);
    }
    expect(by.size).toBe(30);
  });

  it("an execution that was made by hand is continued by hand only", async () => {
    const { engine, store, clock } = newWorld(WORKFLOW, append);
    const { WorkflowState, recoverExecutions } = engine({ leaseMs: 0 });
    const state = await WorkflowState.create("chain", "u1", {});
    clock.advance(1);
    const before = await headIn(store, state.getExecutionId());
    const { resumed, left } = await recoverExecutions();
    expect([resumed, left[0]?.code]).toEqual([0, "DEFINITION_NOT_FOUND"]);
    expect(await headIn(store, state.getExecutionId())).toEqual(before);
  });
});

function fails(): never {
  throw new Error("db://app:secret@db.example is down");
}

/** Settles after many turns, so that a test does not wait for what never settles. */
async function hasPassed(): Promise<string> {
  for (let turn = 0; turn < 500; turn++) await settle();
  return "hangs";
}
