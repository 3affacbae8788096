import { describe, expect, it } from "vitest";
import { type NodeExecutor, RetryAfterError, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { append, chain } from "./chain.ts";
import { HintLog } from "./hint-log.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);
const DONE = { state: "done" };
const ID = { executionId: "e1" };

describe("recoverExecution", () => {
  it("runs an execution that is due to its end, and runs nothing of one that has ended or does not exist", async () => {
    let calls = 0;
    const { engine, store, toEnd } = newWorld(WORKFLOW, (args) => {
      calls += 1;
      return append(args);
    });
    const worker = engine();
    expect(await worker.recoverExecution(ID)).toEqual(DONE);
    await worker.startExecution(CALL);
    expect(await toEnd(worker.recoverExecution(ID))).toEqual(DONE);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    expect(await worker.recoverExecution(ID)).toEqual(DONE);
    expect(calls).toBe(2);
  });

  it("reads the head once and the records once before it claims, and the head no more if the execution ends", async () => {
    const { engine, store, toEnd } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const calls: string[] = [];
    const noted = interceptStore(store, (method, call) => {
      calls.push(method);
      return call();
    });
    expect(await toEnd(engine({ store: noted }).recoverExecution(ID))).toEqual(DONE);
    expect(calls.filter((method) => method !== "getDefinition")).toEqual([
      ...["getExecution", "readCheckpoints", "claimExecution"],
      ...["commit", "commit"],
    ]);
  });

  it("leaves an execution to the owner of its lease, until the lease is over", async () => {
    const { engine, toEnd, clock } = newWorld(WORKFLOW, () => new Promise<never>(() => undefined));
    const owner = engine({ leaseMs: 20_000 });
    void owner.executeWorkflow({ ...CALL, timeoutMs: 60_000 });
    await settle();
    clock.advance(1_000);
    const found = await toEnd(engine().recoverExecution(ID));
    expect(found).toEqual({ state: "later", againInMs: expect.any(Number) });
    expect(found.againInMs).toBeGreaterThanOrEqual(19_000);
    expect(found.againInMs).toBeLessThanOrEqual(20_000);
  });

  it("says when a wait is over, by the store's clock, before and after a run", async () => {
    const { engine, toEnd, clock } = newWorld(chain(1), ({ resume, context }) =>
      resume === undefined ? suspend({ forMs: 60_000 }) : context,
    );
    const worker = engine();
    await worker.startExecution(callOf(chain(1)));
    expect(await toEnd(worker.recoverExecution(ID))).toEqual({ state: "later", againInMs: 60_000 });
    clock.advance(10_000);
    expect(await worker.recoverExecution(ID)).toEqual({ state: "later", againInMs: 50_000 });
    clock.advance(50_000);
    expect(await toEnd(worker.recoverExecution(ID))).toEqual(DONE);
  });

  it("says when a node's next attempt is due", async () => {
    const executor: NodeExecutor = () => {
      throw new RetryAfterError("busy", { retryAfterMs: 45_000 });
    };
    const { engine, toEnd } = newWorld(chain(1), executor, { retry: { maxAttempts: 2 } });
    const worker = engine();
    await worker.startExecution(callOf(chain(1)));
    expect(await toEnd(worker.recoverExecution(ID))).toEqual({ state: "later", againInMs: 45_000 });
  });

  it("does not wait for one that waits for an answer only, or has failed", async () => {
    let what: "suspend" | "fail" = "suspend";
    const { engine, toEnd } = newWorld(chain(1), () => {
      if (what === "fail") throw new Error("boom");
      return suspend();
    });
    const worker = engine();
    await worker.startExecution(callOf(chain(1)));
    expect(await toEnd(worker.recoverExecution(ID))).toEqual(DONE);
    what = "fail";
    await worker.startExecution({ ...callOf(chain(1)), executionId: "e2" });
    expect(await toEnd(worker.recoverExecution({ executionId: "e2" }))).toEqual(DONE);
  });

  it("leaves what it cannot run as it is, looks again after growing pauses, and tells it once", async () => {
    const { engine, store, events } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const before = await store.getExecution("e1");
    const other = engine({ workflows: [chain(3)].map((each) => ({ ...each, id: "other" })) });
    expect(await other.recoverExecution(ID)).toEqual({ state: "left", code: "WORKFLOW_NOT_FOUND", againInMs: 2_000 });
    expect(await other.recoverExecution(ID)).toMatchObject({ state: "left", againInMs: 4_000 });
    expect({ ...(await store.getExecution("e1")), readAt: 0 }).toEqual({ ...before, readAt: 0 });
    expect(events.filter(({ type }) => type === "recovery.left")).toHaveLength(1);
  });

  it("gives an execution back at once if its engine drains", async () => {
    let release = (): void => undefined;
    const { engine, toEnd, store } = newWorld(WORKFLOW, async (args) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return append(args);
    });
    const worker = engine();
    await worker.startExecution(CALL);
    const delivery = worker.recoverExecution(ID);
    const idle = release;
    await until(() => release !== idle);
    const drained = worker.drain();
    release();
    await toEnd(drained);
    expect(await delivery).toEqual({ state: "later", againInMs: 0 });
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", currentStep: 1 });
    expect(await worker.recoverExecution(ID)).toEqual({ state: "later", againInMs: 0 });
  });
});

describe("startRecovery with dispatch", () => {
  const INTERVAL_MS = 5_000;

  it("gives what is overdue to the queue, at most once a minute, and runs nothing", async () => {
    const queue = new HintLog();
    const { engine, pass, store } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const recovery = engine({ dispatcher: queue }).startRecovery({ dispatch: true, intervalMs: INTERVAL_MS });
    await pass(INTERVAL_MS - 1);
    expect(queue.taken()).toEqual([]);
    await pass(INTERVAL_MS + 1_000);
    expect(queue.taken()).toEqual([["e1", { tenant: "u1", atMostEveryMs: 60_000 }]]);
    await pass(50_000);
    expect(queue.taken()).toEqual([]);
    await pass(20_000);
    expect(queue.taken()).toHaveLength(1);
    expect((await store.getExecution("e1"))?.status).toBe("pending");
    await recovery.stop();
  });

  it("runs what is overdue if the queue does not take it", async () => {
    const queue = new HintLog();
    queue.answer = async () => Promise.reject(new Error("away"));
    const { engine, pass, store } = newWorld(WORKFLOW, append);
    await engine().startExecution(CALL);
    const recovery = engine({ dispatcher: queue }).startRecovery({ dispatch: true, intervalMs: INTERVAL_MS });
    await pass(3 * INTERVAL_MS);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    await recovery.stop();
  });
});
