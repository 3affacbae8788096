import { describe, expect, it } from "vitest";
import { type CheckpointStore, isWorkflowError, type NodeExecutor, patch, WorkflowError } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, crashed, type FamilyOptions, newFamily, takenByAnother } from "./family-world.ts";
import { settle } from "./turns.ts";

/** A child whose node is held until somebody lets it go. */
function holding() {
  const waiting: (() => void)[] = [];
  const one: NodeExecutor = async ({ context }) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return { ...context, one: true };
  };
  const letGo = () => {
    for (const each of waiting.splice(0)) each();
  };
  return { one, letGo, waiting };
}

describe("a child that another process runs", () => {
  it.each([1, 2])(
    "lets a recovered parent look again when the child's lease ends (nodeConcurrency: %d)",
    async (together) => {
      const family = newFamily({ nodeConcurrency: together });
      const { engine, data, clock, child, toEnd, runs } = family;
      await crashed(family);
      // The parent's lease ends earlier than the child's.
      await takenByAnother(family);
      clock.advance(30_000);
      await toEnd(engine().recoverExecutions());
      const { leaseUntil } = await child();
      expect(await data.getExecution("p1")).toMatchObject({ status: "pending", wakeAt: leaseUntil });
      expect(runs).toEqual(["first"]);
      clock.advance(60_000);
      for (let round = 0; round < 3; round++) {
        await toEnd(engine().recoverExecutions());
        clock.advance(30_000);
      }
      expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
      expect(runs).toEqual(["first", "child:one", "child:two", "last"]);
    },
  );

  it("is waited for by a run that may wait, and taken when its owner has died", async () => {
    const family = newFamily();
    const { engine, clock, toEnd } = family;
    await crashed(family);
    await takenByAnother(family);
    clock.advance(30_000);
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({ status: "completed" });
  });

  it("is waited for no longer than the parent's budget", async () => {
    const family = newFamily();
    const { engine, clock, child, toEnd } = family;
    await crashed(family);
    await takenByAnother(family);
    clock.advance(30_000);
    const result = await toEnd(engine().resumeWorkflow({ executionId: "p1", budgetMs: 2_000 }));
    expect([result.status, result.wakeAt]).toEqual([
      "pending",
      new Date((await child()).leaseUntil ?? 0).toISOString(),
    ]);
  });
});

describe("a child that another call of the same engine runs", () => {
  it("is waited for within the parent's budget, and its result is taken", async () => {
    const family = newFamily();
    const { engine, clock, child, toEnd, runs } = family;
    await crashed(family);
    clock.advance(30_000);
    const { one, letGo, waiting } = holding();
    const here = engine({ executors: { one } });
    const { id } = await child();
    const byHand = here.resumeWorkflow({ executionId: id });
    await settle();
    expect(waiting).toHaveLength(1);
    const result = await toEnd(here.resumeWorkflow({ executionId: "p1", budgetMs: 2_000 }));
    expect([result.status, result.failure]).toEqual(["pending", undefined]);
    const waited = here.resumeWorkflow({ executionId: "p1" });
    await settle();
    letGo();
    expect(await byHand).toMatchObject({ status: "completed" });
    expect(await waited).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "child:two", "last"]);
  });
});

describe("a child that is answered while its parent suspends itself", () => {
  it("makes the parent due, which has not noticed", async () => {
    const family = newFamily({ workflows: [chainOf("parent", "sub", "last"), chainOf("child", "ask", "two")] });
    const { engine, data, child, toEnd } = family;
    const store = data.reopen();
    const commit = store.commit.bind(store);
    const other = engine();
    store.commit = async (id, request) => {
      if (id === "p1" && request.head?.status === "suspended") {
        const [wait] = (await other.getExecutionState((await child()).id)).getWaiting();
        await other.answerWait({ waitToken: wait?.waitToken as string, data: "early" });
      }
      return commit(id, request);
    };
    expect(await engine({ store: store as CheckpointStore }).executeWorkflow(CALL)).toMatchObject({
      status: "suspended",
    });
    const head = await data.getExecution("p1");
    expect([head?.status, (head?.wakeAt ?? Number.NaN) <= (head?.readAt ?? 0)]).toEqual(["pending", true]);
    const result = await toEnd(engine().resumeWorkflow({ executionId: "p1" }));
    expect(result).toMatchObject({ status: "completed", output: { answer: "early" } });
  });

  it("is not lost if the process of the parent dies before it can look again", async () => {
    for (let later = 1; later <= 4; later++) {
      const family = newFamily({
        workflows: [chainOf("parent", "sub", "last"), chainOf("child", "ask", "two")],
        ...{ leaseMs: 1_000, storeRetryMs: 0 },
      });
      const { engine, data, child, clock, toEnd, runs } = family;
      const store = data.reopen() as CheckpointStore;
      const commit = store.commit.bind(store);
      const other = engine();
      let left = Number.POSITIVE_INFINITY;
      store.commit = async (id, request) => {
        if (id === "p1" && left === Number.POSITIVE_INFINITY && (request.checkpoints ?? []).length > 0) {
          // The parent knows that its child waits, and is about to say so.
          const [wait] = (await other.getExecutionState((await child()).id)).getWaiting();
          await other.answerWait({ waitToken: wait?.waitToken as string, data: "early" });
          await other.recoverExecutions();
          left = later;
        }
        return commit(id, request);
      };
      const dying = interceptStore(store, async (_method, call) => {
        left -= 1;
        if (left < 0) throw new WorkflowError("STORE_UNAVAILABLE", "It is gone.");
        return call();
      });
      await engine({ store: dying as CheckpointStore })
        .executeWorkflow(CALL)
        .catch(() => undefined);
      for (let round = 0; round < 4; round++) {
        clock.advance(1_000);
        await toEnd(engine().recoverExecutions());
      }
      expect([later, (await data.getExecution("p1"))?.status]).toEqual([later, "completed"]);
      expect(runs.filter((run) => run === "child:two")).toHaveLength(1);
    }
  });
});

describe("a child that is recovered by itself", () => {
  it("makes its waiting parent due, which takes the result and runs nothing twice", async () => {
    const family = newFamily();
    const { engine, data, clock, child, toEnd, runs } = family;
    await crashed(family);
    clock.advance(30_000);
    const { id } = await child();
    // The parent is recovered while the child runs elsewhere.
    const { one, letGo, waiting } = holding();
    const elsewhere = engine({ executors: { one } }).resumeWorkflow({ executionId: id });
    await settle();
    expect(waiting).toHaveLength(1);
    await toEnd(engine().recoverExecutions());
    const before = await data.getExecution("p1");
    expect(before?.status).toBe("pending");
    expect(before?.wakeAt).toBeGreaterThan(before?.readAt ?? 0);
    letGo();
    expect(await elsewhere).toMatchObject({ status: "completed" });
    const after = await data.getExecution("p1");
    expect(after?.wakeAt).toBeLessThanOrEqual(after?.readAt ?? 0);
    await toEnd(engine().recoverExecutions());
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "child:two", "last"]);
  });

  it("makes a parent due that has looked just before it ended", async () => {
    const family = newFamily();
    const { engine, data, clock, child, toEnd } = family;
    await crashed(family);
    clock.advance(30_000);
    const { id } = await child();
    const store = data.reopen();
    const commit = store.commit.bind(store);
    store.commit = async (executionId, request) => {
      if (executionId === id && request.head?.status === "completed") await toEnd(engine().recoverExecutions());
      return commit(executionId, request);
    };
    await engine({ store: store as CheckpointStore }).resumeWorkflow({ executionId: id });
    const head = await data.getExecution("p1");
    expect([head?.status, (head?.wakeAt ?? Number.NaN) <= (head?.readAt ?? 0)]).toEqual(["pending", true]);
  });

  it("makes a suspended parent due, also if its process dies right after its end", async () => {
    for (const when of ["before", "after"] as const) {
      const family = newFamily({
        workflows: [chainOf("parent", "sub", "last"), chainOf("child", "ask")],
        ...{ leaseMs: 1_000, storeRetryMs: 0 },
      });
      const { engine, data, clock, child, toEnd } = family;
      await engine().executeWorkflow(CALL);
      const { id } = await child();
      // The first commit keeps the answer, the second wakes the parent, the third ends the child.
      const dying = engine({ store: crashAt(data.reopen(), { call: 3, when }) });
      const error = await dying.resumeWorkflow({ executionId: id, data: 1 }).catch((thrown: unknown) => thrown);
      expect(isWorkflowError(error, "STORE_UNAVAILABLE")).toBe(true);
      expect([when, (await child()).status]).toEqual([when, when === "before" ? "running" : "completed"]);
      expect(await data.getExecution("p1")).toMatchObject({ status: "pending" });
      for (let round = 0; round < 3; round++) {
        await toEnd(engine().recoverExecutions());
        clock.advance(1_000);
      }
      expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    }
  });

  it.each(["getExecution", "commit"] as const)("is not lost if its process dies while it ends: %s", async (method) => {
    for (let call = 1; call < 12; call++) {
      for (const when of ["before", "after"] as const) {
        const family = newFamily({ leaseMs: 1_000, storeRetryMs: 0 });
        const { engine, data, clock, child, toEnd } = family;
        await crashed(family);
        clock.advance(1_000);
        const dying = engine({ store: crashAt(data.reopen(), { method, call, when }) });
        const { id } = await child();
        await toEnd(dying.resumeWorkflow({ executionId: id }).catch(() => undefined));
        for (let round = 0; round < 4; round++) {
          await toEnd(engine().recoverExecutions());
          clock.advance(1_000);
        }
        expect([call, when, (await data.getExecution("p1"))?.status]).toEqual([call, when, "completed"]);
      }
    }
  });

  it("that fails is reported by its parent, and not resumed for it", async () => {
    let tries = 0;
    const one: NodeExecutor = () => {
      tries += 1;
      throw new Error("no");
    };
    const family = newFamily({ executors: { one } });
    const { engine, clock, child, toEnd, data } = family;
    await crashed(family);
    clock.advance(30_000);
    const { id } = await child();
    await toEnd(engine().resumeWorkflow({ executionId: id }));
    expect(tries).toBe(1);
    await toEnd(engine().recoverExecutions());
    expect(await data.getExecution("p1")).toMatchObject({ status: "failed", failure: { code: "CHILD_FAILED" } });
    expect(tries).toBe(1);
    // A person decides to try again.
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({ status: "failed" });
    expect(tries).toBe(2);
  });
});

describe("the retry policy of a node with a child", () => {
  it("resumes the child where it has failed, as often as the policy says", async () => {
    const parent = chainOf("parent", "sub");
    const [node] = parent.nodes;
    const retried = { ...parent, nodes: [{ ...node, id: "sub", retry: { maxAttempts: 3, backoffMs: 10 } }] };
    const ran: string[] = [];
    const executors: FamilyOptions["executors"] = {
      one: ({ context }) => {
        ran.push("one");
        return context;
      },
      two: ({ attempt }) => {
        ran.push("two");
        if (attempt < 3) throw new Error("503");
        return patch({ done: true });
      },
    };
    const { engine, toEnd } = newFamily({ workflows: [retried, chainOf("child", "one", "two")], executors });
    const result = await toEnd(engine().executeWorkflow(CALL));
    expect(result).toMatchObject({ status: "completed", output: { done: true } });
    expect(ran).toEqual(["one", "two", "two", "two"]);
  });
});

describe("two processes that resume one parent", () => {
  it("run each node of the child once; one of them has it", async () => {
    const family = newFamily();
    const { engine, data, clock, runs, toEnd, children } = family;
    await crashed(family);
    clock.advance(30_000);
    const both = Promise.allSettled([1, 2].map(() => engine().resumeWorkflow({ executionId: "p1" })));
    const ended = await toEnd(both);
    const codes = ended.map((each) =>
      each.status === "fulfilled" ? each.value.status : (each.reason as { code: string }).code,
    );
    expect(codes.sort()).toEqual(["LEASE_HELD", "completed"]);
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "child:one", "child:two", "last"]);
    expect(await children()).toHaveLength(1);
  });

  it("and recover parent and child at the same time run each node of the child once", async () => {
    const family = newFamily();
    const { engine, data, clock, runs, toEnd } = family;
    await crashed(family);
    clock.advance(30_000);
    for (let round = 0; round < 3; round++) {
      await toEnd(Promise.all([engine().recoverExecutions(), engine().recoverExecutions()]));
      clock.advance(30_000);
    }
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "child:one", "child:two", "last"]);
  });
});
