import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type ExecutionUpdate,
  type NodeExecutor,
  suspend,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import "./preloaded.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
const E1 = { executionId: "e1" };

/** An engine whose nodes wait until they are let go, and another one on the same store, as in another process. */
function setUp(length = 3, options: Partial<WorkflowEngineOptions> = {}) {
  const clock = new ManualClock();
  const store = new MemoryCheckpointStore({ clock });
  const gates = new Map<string, () => void>();
  const started: (() => void)[] = [];
  const executor: NodeExecutor = async (args) => {
    await new Promise<void>((resolve) => {
      gates.set(args.node.id, resolve);
      for (const tell of started.splice(0)) tell();
    });
    return append(args);
  };
  const engineOn = (
    over: CheckpointStore = store,
    executors: WorkflowEngineOptions["executors"] = { default: executor },
  ) => createWorkflowEngine({ store: over, workflows: [chain(length)], executors, clock, ...options });
  const nodeStarts = () => new Promise<void>((resolve) => started.push(resolve));
  const finish = (nodeId: string) => gates.get(nodeId)?.();
  return { clock, store, engine: engineOn(), engineOn, nodeStarts, finish };
}

const turns = async (count = 20) => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};
const brief = ({ status, currentStep, checkpoints }: ExecutionUpdate) =>
  [status, currentStep, ...checkpoints.map(({ nodeId }) => nodeId)].join(" ");
async function all(watch: AsyncIterable<ExecutionUpdate>): Promise<ExecutionUpdate[]> {
  const updates: ExecutionUpdate[] = [];
  for await (const update of watch) updates.push(update);
  return updates;
}

describe("watchExecution", () => {
  it("follows a run of this engine from event to event, without the clock, until it completes", async () => {
    const { clock, engine, nodeStarts, finish } = setUp();
    let starting = nodeStarts();
    const run = engine.executeWorkflow(CALL);
    await starting;
    const watch = engine.watchExecution(E1);
    const updates: string[] = [];
    for (const node of ["n1", "n2", "n3"]) {
      const { value } = await watch.next();
      updates.push(brief(value as ExecutionUpdate));
      starting = nodeStarts();
      finish(node);
      if (node !== "n3") await starting;
    }
    await run;
    for await (const update of watch) updates.push(brief(update));
    expect(updates).toEqual(["running 0", "running 1 n1", "running 2 n2", "completed 3 n3"]);
    expect(clock.elapsed()).toBe(0);
    expect(clock.nextMs).toBeUndefined();
  });

  it("reports the fields of a listing, and the contexts of the checkpoints", async () => {
    const { engine } = setUp(2, { executors: { default: append } });
    await engine.executeWorkflow(CALL);
    const updates = await all(engine.watchExecution({ ...E1, checkpoints: "all" }));
    const [summary] = (await engine.listExecutions()).items;
    expect(updates).toEqual([{ ...summary, checkpoints: (await engine.getExecutionState("e1")).getCheckpoints() }]);
    expect(updates[0]?.checkpoints.map(({ context }) => context)).toEqual([{ ran: ["n1"] }, { ran: ["n1", "n2"] }]);
  });

  it('without checkpoints: "all", reports only those since it began', async () => {
    const { engine } = setUp(2, { executors: { default: append } });
    await engine.executeWorkflow(CALL);
    expect((await all(engine.watchExecution(E1))).map(brief)).toEqual(["completed 2"]);
  });

  it("follows a run of another engine by looks, less and less often, and ends when it ends", async () => {
    const { clock, store, engineOn, nodeStarts, finish } = setUp(1);
    const starting = nodeStarts();
    const run = engineOn().executeWorkflow(CALL);
    await starting;
    const watch = engineOn().watchExecution(E1);
    expect(brief((await watch.next()).value as ExecutionUpdate)).toBe("running 0");
    const looks: number[] = [];
    const get = store.getExecution.bind(store);
    store.getExecution = (id) => {
      looks.push(clock.elapsed());
      return get(id);
    };
    const next = watch.next();
    for (let ms = 0; ms < 20_000; ms += 50) {
      clock.advance(50);
      await turns(2);
    }
    const waits = looks.map((at, index) => at - (looks[index - 1] ?? 0));
    expect(waits[0]).toBe(250);
    expect(waits.every((wait, index) => wait >= (waits[index - 1] ?? 0) - 50 && wait <= 5_050)).toBe(true);
    expect(looks.length).toBeLessThan(15);
    finish("n1");
    await run;
    clock.advance(5_000);
    expect(brief((await next).value as ExecutionUpdate)).toBe("completed 1 n1");
    expect(await watch.next()).toEqual({ done: true, value: undefined });
  });

  it("reports no update for a renewed lease", async () => {
    const { clock, store, engine, engineOn, nodeStarts } = setUp(1);
    const starting = nodeStarts();
    void engine.executeWorkflow(CALL);
    await starting;
    const watch = engineOn().watchExecution(E1);
    await watch.next();
    let isUpdated = false;
    void watch.next().then(() => {
      isUpdated = true;
    });
    for (let ms = 0; ms < 30_000; ms += 1_000) {
      clock.advance(1_000);
      await turns(3);
    }
    expect((await store.getExecution("e1"))?.version).toBeGreaterThan(1);
    expect(isUpdated).toBe(false);
    await watch.return?.();
  });

  it("waits on with a suspended execution, and reports its answer", async () => {
    const ask: NodeExecutor = ({ resume }) => (resume === undefined ? suspend() : { answer: resume.data });
    const { engine } = setUp(1, { executors: { default: ask } });
    await engine.executeWorkflow(CALL);
    const watch = engine.watchExecution(E1);
    expect(brief((await watch.next()).value as ExecutionUpdate)).toBe("suspended 0");
    const next = watch.next();
    await engine.resumeWorkflow({ ...E1, data: "yes" });
    const updates = [(await next).value as ExecutionUpdate, ...(await all(watch))];
    expect(updates.at(-1)).toMatchObject({ status: "completed", currentStep: 1 });
    expect(updates.flatMap(({ checkpoints }) => checkpoints.map(({ context }) => context))).toEqual([
      { answer: "yes" },
    ]);
  });

  it("hands a slow reader every checkpoint once and the last state, in parts of 100", async () => {
    const { engine, store } = setUp(250, { executors: { default: append } });
    await engine.executeWorkflow({ ...CALL, budgetMs: 0 });
    const watch = engine.watchExecution(E1);
    await watch.next();
    const reads: number[] = [];
    const read = store.readCheckpoints.bind(store);
    store.readCheckpoints = async (id, options) => {
      const records = await read(id, options);
      reads.push(records.length);
      return records;
    };
    await engine.resumeWorkflow(E1);
    reads.length = 0;
    await turns();
    // Nobody has asked: nothing was read, and nothing is kept for later.
    expect(reads).toEqual([]);
    const updates = await all(watch);
    expect(updates.map(({ checkpoints }) => checkpoints.length)).toEqual([100, 100, 50]);
    expect(updates.at(-1)).toMatchObject({ status: "completed", currentStep: 250 });
    const nodes = updates.flatMap(({ checkpoints }) => checkpoints.map(({ nodeId }) => nodeId));
    expect(nodes).toEqual(Array.from({ length: 250 }, (_, index) => `n${index + 1}`));
    expect(reads.reduce((sum, count) => sum + count)).toBeLessThan(2 * 250);
  });

  it("serves several watchers of one execution, each by itself", async () => {
    const { engine, nodeStarts, finish } = setUp(1);
    const starting = nodeStarts();
    const run = engine.executeWorkflow(CALL);
    await starting;
    const watches = [1, 2, 3].map(() => all(engine.watchExecution(E1)));
    const left = engine.watchExecution(E1);
    await left.next();
    await left.return?.();
    finish("n1");
    await run;
    for (const updates of await Promise.all(watches)) expect(updates.at(-1)).toMatchObject({ status: "completed" });
  });
});

describe("watchExecution ends", () => {
  it.each(["cancelExecution", "deleteExecution"] as const)("after %s", async (member) => {
    const { engine, nodeStarts } = setUp(1);
    const starting = nodeStarts();
    void engine.executeWorkflow(CALL).catch(() => undefined);
    await starting;
    const watch = engine.watchExecution(E1);
    await watch.next();
    const rest = all(watch);
    await engine[member](E1);
    expect((await rest).map(brief)).toEqual(member === "cancelExecution" ? ["cancelled 0"] : []);
  });

  it("if the id was deleted and is another execution's", async () => {
    const { clock, engine, store } = setUp(1, { executors: { default: append } });
    await engine.executeWorkflow({ ...CALL, budgetMs: 0 });
    const watch = engine.watchExecution(E1);
    await watch.next();
    const next = watch.next();
    await store.deleteExecutions([{ id: "e1" }]);
    clock.advance(1);
    await engine.executeWorkflow({ ...CALL, budgetMs: 0 });
    clock.advance(250);
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it.each<[string, (watch: AsyncIterableIterator<ExecutionUpdate>, controller: AbortController) => unknown]>([
    ["an aborted signal", (_watch, controller) => controller.abort()],
    ["return()", (watch) => watch.return?.()],
  ])("by %s, at once, and leaves no timer and no listener behind", async (_title, end) => {
    const { clock, engine, nodeStarts } = setUp(1);
    const starting = nodeStarts();
    void engine.executeWorkflow(CALL);
    await starting;
    const timers = clock.nextMs;
    const controller = new AbortController();
    const { signal } = controller;
    const removed: string[] = [];
    const remove = signal.removeEventListener.bind(signal);
    signal.removeEventListener = (type: string, ...rest: [never]) => {
      removed.push(type);
      remove(type, ...rest);
    };
    const watch = engine.watchExecution({ ...E1, signal });
    await watch.next();
    const next = watch.next();
    await turns();
    expect(clock.nextMs).toBe(250);
    end(watch, controller);
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await watch.next()).toEqual({ done: true, value: undefined });
    await turns();
    expect(clock.nextMs).toBe(timers);
    expect(removed).toEqual(["abort"]);
  });

  it("by an aborted signal while the store hangs", async () => {
    const { engineOn, store } = setUp(1);
    await engineOn(store, { default: append }).executeWorkflow({ ...CALL, budgetMs: 0 });
    const controller = new AbortController();
    const watch = engineOn().watchExecution({ ...E1, signal: controller.signal });
    await watch.next();
    store.getExecution = () => new Promise(() => undefined);
    const next = watch.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it("before it begins if its signal was aborted", async () => {
    const { engine } = setUp(1, { executors: { default: append } });
    await engine.executeWorkflow(CALL);
    expect(await all(engine.watchExecution({ ...E1, signal: AbortSignal.abort() }))).toEqual([]);
  });

  it("with the error of an execution that is not there, or of a wrong call", async () => {
    const { engine } = setUp(1);
    await expect(engine.watchExecution(E1).next()).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    await expect(engine.watchExecution("e1" as never).next()).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: "watchExecution: takes one object { executionId, signal?, checkpoints?, userId? }, not a string.",
    });
  });

  it("with STATE_CORRUPT if the head names a snapshot that is none", async () => {
    const { store, engine } = setUp(3, { executors: { default: append } });
    await engine.executeWorkflow(CALL);
    const read = store.getExecution.bind(store);
    store.getExecution = async (id) => {
      const head = await read(id);
      return head && { ...head, snapshotSeq: 1 };
    };
    await expect(engine.watchExecution(E1).next()).rejects.toMatchObject({ code: "STATE_CORRUPT" });
  });
});
