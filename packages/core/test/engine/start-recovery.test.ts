import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { headIn } from "../head-in.ts";
import { ROW } from "../state/old-rows.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
const INTERVAL_MS = 5_000;

describe("startRecovery", () => {
  it("completes an execution whose process died in a node, in another process, without a hand and a retry policy", async () => {
    let starts = 0;
    const executor: NodeExecutor = (args) => {
      starts += 1;
      return starts === 2 ? new Promise<never>(() => undefined) : append(args);
    };
    const { engine, store, pass } = newWorld(WORKFLOW, executor);
    const dying = engine({ store: crashAt(store.reopen(), { call: 2, when: "before" }), storeRetryMs: 0 });
    dying.executeWorkflow(CALL).catch(() => undefined);
    await until(() => starts === 2);
    const recovery = engine().startRecovery();
    await pass(29_999);
    expect((await store.getExecution("e1"))?.status).toBe("running");
    await pass(1 + INTERVAL_MS + 1_000);
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed", currentStep: 2, recoveries: 0 });
    expect(starts).toBe(3);
    await recovery.stop();
  });

  it("fires a timer within the interval plus a second, for any time it may come at", async () => {
    for (let atMs = 1; atMs < 12_000; atMs += 997) {
      const until = atMs + 30_000;
      const firedAt: number[] = [];
      const { engine, clock, pass } = newWorld(chain(1), ({ resume, context }) => {
        if (resume === undefined) return suspend({ forMs: atMs });
        firedAt.push(clock.elapsed());
        return context;
      });
      const recovery = engine().startRecovery();
      await engine().executeWorkflow(callOf(chain(1)));
      await pass(until);
      await recovery.stop();
      expect(firedAt).toHaveLength(1);
      expect(firedAt[0]).toBeGreaterThanOrEqual(atMs);
      expect(firedAt[0]).toBeLessThanOrEqual(atMs + INTERVAL_MS + 1_000);
    }
  });

  it.each(["workflows", "executors"])("stops in a second although a %s function never settles", async (source) => {
    const { engine, store, toEnd } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const before = await headIn(store, "e1");
    let isAsked = false;
    const hangs = () => {
      isAsked = true;
      return new Promise<never>(() => undefined);
    };
    const recovery = engine({ [source]: hangs }).startRecovery();
    await until(() => isAsked);
    await toEnd(recovery.stop());
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("that is stopped during a lookup starts no run when the lookup settles", async () => {
    let find = (): void => undefined;
    const found = new Promise<WorkflowDefinition>((resolve) => {
      find = () => resolve(WORKFLOW);
    });
    let starts = 0;
    const { engine, store, toEnd } = newWorld(WORKFLOW, (args) => {
      starts += 1;
      return append(args);
    });
    await engine().startExecution(CALL);
    const recovery = engine({ workflows: () => found }).startRecovery();
    await settle();
    const stopped = recovery.stop();
    await settle();
    find();
    await toEnd(stopped);
    expect([starts, (await store.getExecution("e1"))?.status]).toEqual([0, "pending"]);
  });

  it("that is idle asks at most two questions per interval, also for others' executions by the thousand", async () => {
    const calls: string[] = [];
    const { engine, store, pass, clock } = newWorld(WORKFLOW, append);
    const counted = interceptStore(store.reopen(), (method, call) => {
      calls.push(method);
      return call();
    });
    const recovery = engine({ store: counted }).startRecovery();
    await pass(0);
    for (let interval = 0; interval < 20; interval++) {
      calls.length = 0;
      await pass(INTERVAL_MS - 1);
      expect(calls.length).toBeLessThanOrEqual(2);
      expect(new Set(calls).size).toBeLessThanOrEqual(1);
      await pass(1);
    }
    const theirs = engine({ workflows: [{ ...chain(1), id: "theirs" }] });
    for (let each = 0; each < 300; each++) {
      await theirs.startExecution({ workflowId: "theirs", userId: "u1", executionId: `f${each}` });
    }
    calls.length = 0;
    const startMs = clock.elapsed();
    await pass(3_600_000);
    const heads = calls.filter((method) => method === "getExecution").length;
    // Each pause is twice as long as the one before, up to ten minutes.
    expect(heads / 300).toBeLessThan(16);
    expect(calls.length - heads).toBeLessThan(((clock.elapsed() - startMs) / INTERVAL_MS) * 6);
    await recovery.stop();
  });

  it("runs 1,000 that are due at once on 4 engines, and starts none twice", async () => {
    const starts = new Map<string, number>();
    const byEngine = [0, 0, 0, 0];
    const { engine, store, pass } = newWorld(chain(1), append);
    const { startExecution } = engine();
    for (let each = 0; each < 1_000; each++) {
      await startExecution({ workflowId: "chain", userId: "u1", executionId: `e${each}` });
    }
    const recoveries = byEngine.map((_count, index) => {
      const executor: NodeExecutor = async (args) => {
        starts.set(args.executionId, (starts.get(args.executionId) ?? 0) + 1);
        byEngine[index] = (byEngine[index] ?? 0) + 1;
        await new Promise((resolve) => setImmediate(resolve));
        return append(args);
      };
      return engine({ executors: { default: executor } }).startRecovery({ concurrency: 4 });
    });
    for (let turn = 0; turn < 500 && starts.size < 1_000; turn++) await pass(100);
    await pass(INTERVAL_MS);
    expect(starts.size).toBe(1_000);
    expect(Math.max(...starts.values())).toBe(1);
    expect((await store.listExecutions({ status: ["pending", "running"] })).items).toEqual([]);
    expect(Math.min(...byEngine)).toBeGreaterThan(100);
    await Promise.all(recoveries.map((recovery) => recovery.stop()));
  });

  it("calls no executor for 1,000 old rows that are imported meanwhile", async () => {
    let calls = 0;
    const { engine, store, pass } = newWorld(WORKFLOW, (args) => {
      calls += 1;
      return append(args);
    });
    const { WorkflowState, startRecovery } = engine();
    const recovery = startRecovery();
    for (let each = 0; each < 1_000; each++) {
      const status = ["running", "pending", "completed", "failed"][each % 4] as string;
      await WorkflowState.importExecutionOutput({ ...ROW, executionId: `old${each}`, status });
      if (each % 100 === 0) await pass(1_000);
    }
    await pass(60_000);
    await recovery.stop();
    expect(calls).toBe(0);
    expect((await store.listExecutions({ due: true })).items).toEqual([]);
  });

  it("wakes at once for what its own engine starts or is answered", async () => {
    let token = "";
    const { engine, store, clock } = newWorld(WORKFLOW, (args) => {
      if (args.node.id === "n1" || args.resume !== undefined) return append(args);
      token = args.waitToken;
      return suspend();
    });
    const { startExecution, answerWait, startRecovery } = engine();
    const recovery = startRecovery({ intervalMs: 3_600_000 });
    await settle();
    await startExecution(CALL);
    await settle();
    expect((await store.getExecution("e1"))?.status).toBe("suspended");
    await answerWait({ waitToken: token, data: 1 });
    await settle();
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    expect(clock.elapsed()).toBe(0);
    await recovery.stop();
  });

  it("continues after a store that was away, and says so", async () => {
    let isAway = true;
    const { engine, store, events, pass } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const flaky = interceptStore(store.reopen(), (_method, call) =>
      isAway ? Promise.reject(new Error("connection refused")) : call(),
    );
    const recovery = engine({ store: flaky, storeRetryMs: 0 }).startRecovery();
    await pass(20_000);
    expect(events.filter(({ type }) => type === "recovery.failed").length).toBeGreaterThan(2);
    isAway = false;
    await pass(INTERVAL_MS + 1_000);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    await recovery.stop();
  });

  it("runs no more than its concurrency at a time, and stop() waits for them and starts no other", async () => {
    const finish: (() => void)[] = [];
    const { engine, pass } = newWorld(chain(1), async (args) => {
      await new Promise<void>((resolve) => finish.push(resolve));
      return append(args);
    });
    const { startExecution, startRecovery } = engine();
    for (let each = 0; each < 10; each++) await startExecution({ ...callOf(chain(1)), executionId: `e${each}` });
    const recovery = startRecovery({ concurrency: 3 });
    await pass(100);
    expect(finish).toHaveLength(3);
    finish[0]?.();
    await settle();
    expect(finish).toHaveLength(4);
    let isStopped = false;
    const stopped = recovery.stop().then(() => {
      isStopped = true;
    });
    await pass(10_000);
    expect(isStopped).toBe(false);
    for (const each of finish) each();
    await stopped;
    expect(finish).toHaveLength(4);
    await recovery.stop();
  });

  it("leaves no timer once it is stopped, also at once", async () => {
    const { engine, clock, pass } = newWorld(WORKFLOW, append);
    const { startRecovery } = engine();
    await startRecovery().stop();
    const recovery = startRecovery();
    await pass(12_345);
    await recovery.stop();
    expect(clock.nextMs).toBeUndefined();
  });

  it("ends by itself once its store is closed, says so once, and leaves no timer", async () => {
    const { engine, store, events, clock, pass } = newWorld(WORKFLOW, append);
    const own = store.reopen();
    const recovery = engine({ store: own }).startRecovery();
    await pass(12_345);
    await own.close();
    await pass(60_000);
    expect(events.filter(({ type }) => type.startsWith("recovery."))).toMatchObject([{ type: "recovery.ended" }]);
    expect(clock.nextMs).toBeUndefined();
    await recovery.stop();
  });

  it("with executions that it cannot run tries them again with growing pauses, and runs them once it can", async () => {
    const theirs: WorkflowDefinition = { ...chain(1), id: "theirs" };
    const { engine, store, pass, events } = newWorld(theirs, append);
    await engine().startExecution(callOf(theirs));
    let known: WorkflowDefinition | undefined;
    const lookups: number[] = [];
    const { startRecovery } = engine({
      workflows: () => {
        lookups.push(1);
        return known;
      },
    });
    const recovery = startRecovery();
    await pass(600_000);
    expect(lookups.length).toBeLessThan(10);
    expect(events.filter(({ type }) => type === "recovery.left")).toHaveLength(1);
    known = theirs;
    await pass(610_000);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    await recovery.stop();
  });
});
