import { describe, expect, it } from "vitest";
import { type NodeExecutor, RetryAfterError, suspend, WorkflowError } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(3);
const CALL = callOf(WORKFLOW);

/** Nodes whose first start in node n1 lasts until it is told to end. */
function setUp(fails = false) {
  const started: string[] = [];
  let end: (() => void) | undefined;
  const executor: NodeExecutor = async (args) => {
    started.push(`${args.node.id}#${args.attempt}`);
    if (started.length === 1) {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
      if (fails) throw new RetryAfterError("503", { retryAfterMs: 60_000 });
    }
    return append(args);
  };
  const world = newWorld(WORKFLOW, executor, { retry: { maxAttempts: 2 } });
  return { ...world, started, untilStarted: () => until(() => end !== undefined), end: () => end?.() };
}

/** Whether something has settled by now. */
async function hasSettled(work: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  const settled = () => {
    isOver = true;
  };
  work.then(settled, settled);
  await settle();
  return isOver;
}

describe("drain", () => {
  it("lets the node in flight finish and commits it, starts no other, and gives the execution back as due", async () => {
    const { engine, store, started, untilStarted, end, toEnd, clock } = setUp();
    const { executeWorkflow, drain } = engine();
    const run = executeWorkflow(CALL);
    await untilStarted();
    const drained = drain();
    expect(await hasSettled(drained)).toBe(false);
    end();
    await drained;
    expect(await run).toMatchObject({ status: "pending", currentStep: 1, canResume: true });
    const head = await store.getExecution("e1");
    expect(head).toMatchObject({ status: "pending", wakeAt: clock.now(), currentStep: 1 });
    expect([head?.owner, head?.leaseUntil]).toEqual([undefined, undefined]);
    await toEnd(engine().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
    expect(started).toEqual(["n1#1", "n2#1", "n3#1"]);
  });

  it("waits for a call that only creates its execution yet, and lets it run nothing", async () => {
    const { engine, store, started } = setUp();
    let create: (() => void) | undefined;
    const slow = interceptStore(store.reopen(), async (method, call) => {
      if (method === "createExecution") {
        await new Promise<void>((resolve) => {
          create = resolve;
        });
      }
      return call();
    });
    const { executeWorkflow, drain } = engine({ store: slow });
    const run = executeWorkflow(CALL);
    await until(() => create !== undefined);
    const drained = drain();
    expect(await hasSettled(drained)).toBe(false);
    create?.();
    await drained;
    expect(await run).toMatchObject({ status: "pending", currentStep: 0 });
    expect((await store.getExecution("e1"))?.owner).toBeUndefined();
    expect(started).toEqual([]);
  });

  it("ends a wait for the next attempt at once, and keeps it", async () => {
    const { engine, store, untilStarted, end, started, clock } = setUp(true);
    const { executeWorkflow, drain } = engine();
    const run = executeWorkflow(CALL);
    await untilStarted();
    end();
    while ((await store.getExecution("e1"))?.failure === undefined) await settle();
    await drain();
    const wakeAt = clock.now() + 60_000;
    expect(await run).toMatchObject({ status: "pending", wakeAt: new Date(wakeAt).toISOString() });
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", wakeAt, failure: { message: "503" } });
    expect(started).toEqual(["n1#1"]);
  });

  it("ends calls that wait: for a lease, for another run, and for the run of the engine itself", async () => {
    const { engine, untilStarted, end, started } = setUp();
    const other = engine().executeWorkflow(CALL);
    await untilStarted();
    const draining = engine();
    const waits = [
      draining.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 3_600_000 }),
      draining.executeWorkflow({ ...CALL, ifExists: "join" }),
      draining.executeWorkflow({ ...CALL, ifExists: "resume" }),
    ].map((wait) =>
      wait.then(
        ({ status }) => status,
        ({ code }) => code,
      ),
    );
    await settle();
    await draining.drain();
    expect(await Promise.all(waits)).toEqual(["LEASE_HELD", "LEASE_HELD", "LEASE_HELD"]);
    expect(await hasSettled(draining.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 3_600_000 }))).toBe(true);
    end();
    expect(await other).toMatchObject({ status: "completed" });
    expect(started).toHaveLength(3);
  });

  it("lets a call that joined the engine's own run start nothing either", async () => {
    const { engine, untilStarted, end, started } = setUp();
    const { executeWorkflow, drain } = engine();
    const run = executeWorkflow(CALL);
    await untilStarted();
    const joined = executeWorkflow({ ...CALL, ifExists: "resume" });
    await settle();
    const drained = drain();
    end();
    await drained;
    expect(await run).toMatchObject({ status: "pending" });
    expect(["pending", "LEASE_HELD"]).toContain(
      await joined.then(
        ({ status }) => status,
        ({ code }) => code,
      ),
    );
    expect(started).toEqual(["n1#1"]);
  });

  it("with timeoutMs aborts nodes that still run; their attempt's number is used, and it has not failed", async () => {
    const { engine, started, untilStarted, toEnd, store, clock } = setUp();
    const { executeWorkflow, drain } = engine({ retry: { maxAttempts: 1 } });
    const run = executeWorkflow({ ...CALL, onAbort: "cancel" });
    await untilStarted();
    const startedMs = clock.elapsed();
    await toEnd(drain({ timeoutMs: 10_000 }));
    expect(clock.elapsed() - startedMs).toBe(15_000);
    expect(await run).toMatchObject({ status: "pending", currentStep: 0 });
    await toEnd(engine({ retry: { maxAttempts: 1 } }).recoverExecutions());
    expect((await store.getExecution("e1"))?.status).toBe("completed");
    expect(started).toEqual(["n1#1", "n1#2", "n2#1", "n3#1"]);
  });

  it("does not keep a caller's abort from cancelling, with onAbort cancel", async () => {
    const { engine, untilStarted, end, store } = setUp();
    const { executeWorkflow, drain } = engine();
    const controller = new AbortController();
    const run = executeWorkflow({ ...CALL, signal: controller.signal, onAbort: "cancel" });
    await untilStarted();
    const drained = drain();
    controller.abort();
    end();
    await drained;
    expect(await run).toMatchObject({ status: "cancelled", currentStep: 1 });
    expect((await store.getExecution("e1"))?.status).toBe("cancelled");
  });

  it("with timeoutMs waits no longer for a lookup that never settles", async () => {
    const { engine, toEnd } = setUp();
    const { executeWorkflow, drain } = engine({ workflows: () => new Promise<never>(() => undefined) });
    void executeWorkflow(CALL);
    await settle();
    await toEnd(drain({ timeoutMs: 1_000 }));
  });

  it("stops recoveries, and the drained engine claims nothing any more", async () => {
    const { engine, store, pass, started } = setUp();
    const { startExecution, startRecovery, recoverExecutions, drain } = engine();
    await drain();
    await startExecution(CALL);
    const before = await store.getExecution("e1");
    const recovery = startRecovery();
    await pass(20_000);
    expect(await recoverExecutions()).toEqual({ resumed: 0, left: [] });
    await recovery.stop();
    expect(await store.getExecution("e1")).toMatchObject({ version: before?.version, token: before?.token });
    expect(started).toEqual([]);
  });

  it("makes no call of the store any more once it has resolved, whatever was under way", async () => {
    const { engine, store, pass, untilStarted, end, events } = setUp();
    const calls: string[] = [];
    const watched = interceptStore(store.reopen(), (method, call) => {
      calls.push(method);
      return call();
    });
    const { startExecution, startRecovery, executeWorkflow, resumeWorkflow, drain } = engine({ store: watched });
    startRecovery({ intervalMs: 1_000 });
    await startExecution(CALL);
    await untilStarted();
    await pass(1_500);
    const others = [
      executeWorkflow({ ...CALL, ifExists: "join" }),
      resumeWorkflow({ executionId: "e1", waitForLeaseMs: 3_600_000 }),
      executeWorkflow({ ...CALL, executionId: "e2" }),
    ];
    const drained = Promise.all([drain(), Promise.allSettled(others)]);
    await settle();
    end();
    await drained;
    expect(calls).toContain("listExecutions");
    calls.length = 0;
    await pass(3_600_000);
    expect(calls).toEqual([]);
    expect(events.filter(({ type }) => type === "execution.lost")).toEqual([]);
  });

  it("with timeoutMs gives up a recovery whose store does not answer, and reports nothing of it afterwards", async () => {
    const { engine, store, toEnd, pass } = setUp();
    let refuse: ((error: Error) => void) | undefined;
    const hanging = interceptStore(store.reopen(), (method, call) =>
      method === "listExecutions"
        ? new Promise<never>((_resolve, reject) => {
            refuse = reject;
          })
        : call(),
    );
    const failures: string[] = [];
    const onEvent = ({ type }: { type: string }) => void failures.push(type);
    const { startRecovery, drain } = engine({ store: hanging, onEvent });
    startRecovery();
    await until(() => refuse !== undefined);
    await toEnd(drain({ timeoutMs: 1_000 }));
    refuse?.(new WorkflowError("STORE_CLOSED", "The store has been closed."));
    await pass(60_000);
    expect(failures).toEqual([]);
  });

  it("while a recovery works through what is due gives back what it had begun, and leaves the rest", async () => {
    const { engine, store, started, untilStarted, end } = setUp();
    const { startExecution, recoverExecutions, drain } = engine();
    for (let each = 0; each < 50; each++) await startExecution({ ...CALL, executionId: `e${each}` });
    const recovered = recoverExecutions({ concurrency: 1 });
    await untilStarted();
    const drained = drain();
    end();
    await drained;
    expect(await recovered).toMatchObject({ resumed: 1 });
    const { items } = await store.listExecutions({ status: ["pending"] });
    expect(items).toHaveLength(50);
    expect(items.filter(({ version }) => version > 0)).toHaveLength(1);
    expect(started).toEqual(["n1#1"]);
  });

  it("leaves an engine that still takes work for others: it creates, keeps answers, and runs nothing", async () => {
    const tokens: string[] = [];
    const executor: NodeExecutor = ({ waitToken, resume, context }) => {
      tokens.push(waitToken);
      return resume === undefined ? suspend() : context;
    };
    const { engine, store } = newWorld(chain(1), executor);
    const { executeWorkflow, startExecution, answerWait, resumeWorkflow, drain } = engine();
    await executeWorkflow(callOf(chain(1)));
    await drain();
    await drain({ timeoutMs: 5 });
    const call = { workflowId: "chain", userId: "u1" };
    expect(await executeWorkflow(call)).toMatchObject({ status: "pending", currentStep: 0 });
    expect(await startExecution(call)).toMatchObject({ created: true });
    await answerWait({ waitToken: tokens[0] as string, data: "yes" });
    expect((await store.getExecution("e1"))?.status).toBe("pending");
    expect(await resumeWorkflow({ executionId: "e1", data: "no" })).toMatchObject({ status: "pending" });
    expect(tokens).toHaveLength(1);
    expect(await engine().resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "completed" });
  });
});
