import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { crashAt, type StoreMethod } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { settle, until } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(3);
const CALL = callOf(WORKFLOW);
const CANCELLED = {
  success: false,
  status: "cancelled",
  error: "The execution was cancelled: not needed",
  failure: { code: "EXECUTION_CANCELLED" },
  canResume: false,
};
const CANCEL = { executionId: "e1", reason: "not needed" };

describe("cancelExecution, of an execution whose node works", () => {
  /** A run that hangs in node n2. */
  async function hanging(durability: "sync" | "async" = "sync") {
    const started: string[] = [];
    const reasons: unknown[] = [];
    let finish: (() => void) | undefined;
    const executor: NodeExecutor = async (args) => {
      started.push(args.node.id);
      if (args.node.id === "n2" && finish === undefined) {
        args.signal.addEventListener("abort", () => reasons.push((args.signal.reason as { code?: string }).code));
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return append(args);
    };
    const world = newWorld(WORKFLOW, executor, { durability, retry: { maxAttempts: 3 } });
    const first = world.engine();
    const run = first.executeWorkflow(CALL);
    await until(() => finish !== undefined);
    return { ...world, first, run, started, reasons, finish: () => finish?.() };
  }

  it.each(["sync", "async"] as const)(
    "by the same engine ends the run at once, in %s durability",
    async (durability) => {
      const { first, run, started, reasons, clock, events, finish, store } = await hanging(durability);
      await first.cancelExecution(CANCEL);
      expect(await run).toMatchObject(CANCELLED);
      expect(clock.elapsed()).toBe(0);
      expect(reasons).toEqual(["LEASE_LOST"]);
      finish();
      await settle();
      expect(started).toEqual(["n1", "n2"]);
      expect(events.some(({ type }) => type === "node.failed")).toBe(false);
      expect(await store.getExecution("e1")).toMatchObject({ status: "cancelled", currentStep: 1 });
    },
  );

  it("by another process ends the run at its next commit", async () => {
    const { engine, run, finish, started } = await hanging();
    await engine().cancelExecution(CANCEL);
    finish();
    expect(await run).toMatchObject(CANCELLED);
    expect(started).toEqual(["n1", "n2"]);
  });

  it("by another process ends the run at its next renewal", async () => {
    const { engine, run, clock } = await hanging();
    await engine().cancelExecution(CANCEL);
    clock.advance(10_000);
    expect(await run).toMatchObject(CANCELLED);
  });

  it("throws with throwOnFailure, with the reason", async () => {
    const { first, engine, run } = await hanging();
    await first.cancelExecution(CANCEL);
    await run;
    const { executeWorkflow } = engine();
    const joined = executeWorkflow({ ...CALL, ifExists: "join", throwOnFailure: true });
    await expect(joined).rejects.toMatchObject({ code: "EXECUTION_CANCELLED", message: CANCELLED.error });
  });

  it("of another user is refused, and the run continues", async () => {
    const { first, run, finish } = await hanging();
    const refused = { code: "EXECUTION_NOT_FOUND", message: 'No execution "e1".' };
    await expect(first.cancelExecution({ ...CANCEL, userId: "u2" })).rejects.toMatchObject(refused);
    await expect(first.forUser("u2").cancelExecution(CANCEL)).rejects.toMatchObject(refused);
    finish();
    expect(await run).toMatchObject({ status: "completed" });
  });

  it.each<[string, StoreMethod, "before" | "after"]>([
    ["before it is read", "getExecution", "before"],
    ["after it was read", "getExecution", "after"],
    ["before the claim", "claimExecution", "before"],
    ["after the claim", "claimExecution", "after"],
  ])("that dies %s has cancelled it or not, and it is never left half-way", async (_where, method, when) => {
    const { store, engine, run, finish } = await hanging();
    const dying = engine({ store: crashAt(store.reopen(), { method, call: 1, when }), storeRetryMs: 0 });
    await expect(dying.cancelExecution(CANCEL)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    const isCancelled = method === "claimExecution" && when === "after";
    const head = await store.getExecution("e1");
    expect(head?.status).toBe(isCancelled ? "cancelled" : "running");
    finish();
    expect(await run).toMatchObject({ status: isCancelled ? "cancelled" : "completed" });
    expect(await engine().recoverExecutions()).toEqual({ resumed: 0, left: [] });
  });
});

describe("cancelExecution", () => {
  it("between two nodes starts no further one", async () => {
    const started: string[] = [];
    const executor: NodeExecutor = async (args) => {
      started.push(args.node.id);
      if (args.node.id === "n2") await first.cancelExecution(CANCEL);
      return append(args);
    };
    const { engine } = newWorld(WORKFLOW, executor);
    const first = engine();
    expect(await first.executeWorkflow(CALL)).toMatchObject(CANCELLED);
    expect(started).toEqual(["n1", "n2"]);
  });

  it.each(["the same engine", "another process"])(
    "by %s in a wait for the next attempt starts no attempt",
    async (by) => {
      let calls = 0;
      const executor: NodeExecutor = () => {
        calls += 1;
        throw new Error("503");
      };
      const retry = { maxAttempts: 5, backoffMs: 20_000, jitter: 0 };
      const { engine, toEnd, clock } = newWorld(WORKFLOW, executor, { retry });
      const first = engine();
      const run = first.executeWorkflow(CALL);
      await settle();
      await (by === "the same engine" ? first : engine()).cancelExecution(CANCEL);
      expect(await toEnd(run)).toMatchObject(CANCELLED);
      expect(calls).toBe(1);
      expect(clock.elapsed()).toBeLessThanOrEqual(by === "the same engine" ? 0 : 20_000);
    },
  );

  it("while it is suspended, pending or failed ends it, and it waits for nothing any more", async () => {
    const executors: NodeExecutor[] = [
      () => suspend({ forMs: 1_000 }),
      append,
      () => {
        throw new Error("boom");
      },
    ];
    for (const [index, executor] of executors.entries()) {
      const { engine, store, pass } = newWorld(WORKFLOW, executor);
      const { executeWorkflow, cancelExecution, resumeWorkflow, recoverExecutions } = engine();
      await executeWorkflow({ ...CALL, ...(index === 1 ? { budgetMs: 0 } : {}) });
      await cancelExecution(CANCEL);
      const head = await store.getExecution("e1");
      expect(head).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
      expect([head?.wakeAt, head?.waiting, head?.waitingCount]).toEqual([undefined, undefined, undefined]);
      await pass(2_000);
      expect(await recoverExecutions()).toEqual({ resumed: 0, left: [] });
      await expect(resumeWorkflow({ executionId: "e1" })).rejects.toMatchObject({ code: "INVALID_STATUS" });
      await expect(cancelExecution(CANCEL)).rejects.toMatchObject({ code: "INVALID_STATUS" });
    }
  });

  it.each([
    ["takes it over from a process that died", undefined],
    ["must end it, since its node may not start again", "fail"],
  ] as const)(
    "after the claim of a run that %s, before it writes anything, is the result of that run",
    async (_what, onCrash) => {
      let starts = 0;
      const executor: NodeExecutor = () => {
        starts += 1;
        return starts === 1 ? new Promise<never>(() => undefined) : patch({});
      };
      const { engine, store } = newWorld(WORKFLOW, executor, onCrash === undefined ? {} : { retry: { onCrash } });
      void engine({ leaseMs: 0 }).executeWorkflow(CALL);
      await until(() => starts === 1);
      const canceller = engine();
      const cancelled = interceptStore(store.reopen(), async (method, call) => {
        const result = await call();
        if (method === "claimExecution") await canceller.cancelExecution(CANCEL);
        return result;
      });
      const { resumeWorkflow } = engine({ store: cancelled });
      expect(await resumeWorkflow({ executionId: "e1" })).toMatchObject(CANCELLED);
      expect(starts).toBe(1);
      expect(await store.getExecution("e1")).toMatchObject({ status: "cancelled" });
    },
  );
});

describe("a running execution that is changed from outside", () => {
  it("by a deletion of the same engine ends its run at once, with EXECUTION_NOT_FOUND", async () => {
    let hasBegun = false;
    const { engine, clock } = newWorld(WORKFLOW, () => {
      hasBegun = true;
      return new Promise<never>(() => undefined);
    });
    const { executeWorkflow, deleteExecution } = engine();
    const run = executeWorkflow(CALL);
    await until(() => hasBegun);
    const ended = expect(run).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    expect(await deleteExecution({ executionId: "e1" })).toBe(true);
    await ended;
    expect(clock.elapsed()).toBe(0);
  });

  it("by a takeover ends its run as lost, with the status on record, and no further attempt", async () => {
    let starts = 0;
    let finish: (() => void) | undefined;
    const executor: NodeExecutor = async (args) => {
      starts += 1;
      if (starts === 1) {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        throw new Error("503");
      }
      return append(args);
    };
    const { engine, toEnd } = newWorld(WORKFLOW, executor, { retry: { maxAttempts: 3 } });
    const frozen = engine({ leaseMs: 0 }).executeWorkflow(CALL);
    await until(() => finish !== undefined);
    expect(await toEnd(engine().resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    finish?.();
    expect(await toEnd(frozen)).toMatchObject({
      status: "lost",
      recordedStatus: "completed",
      failure: { code: "LEASE_LOST" },
    });
    expect(starts).toBe(4);
  });
});
