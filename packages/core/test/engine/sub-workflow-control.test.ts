import { describe, expect, it } from "vitest";
import {
  type CheckpointStore,
  type NodeExecutor,
  patch,
  subWorkflow,
  suspend,
  WorkflowError,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type FamilyOptions, newFamily } from "./family-world.ts";
import { settle, until } from "./turns.ts";

const ASKS: FamilyOptions = { workflows: [chainOf("parent", "first", "sub", "last"), chainOf("child", "ask", "two")] };
/** A child of a child waits. */
const DEEP: FamilyOptions = {
  workflows: [chainOf("parent", "outer"), chainOf("middle", "sub"), chainOf("child", "ask")],
  executors: { outer: subWorkflow({ workflowId: "middle" }) },
};

describe("a child that waits for an answer", () => {
  it("makes its parent wait at the node, with the child's reason, payload, time and token", async () => {
    const timed: NodeExecutor = ({ resume }) =>
      resume === undefined
        ? suspend({ reason: "approval", payload: { sum: 3 }, forMs: 60_000 })
        : patch({ timedOut: resume.timedOut });
    const { engine, child, clock, toEnd } = newFamily({ ...ASKS, executors: { ask: timed } });
    const result = await engine().executeWorkflow(CALL);
    const head = await child();
    expect(head).toMatchObject({ status: "suspended", wakeAt: clock.now() + 60_000 });
    expect(result).toMatchObject({
      status: "suspended",
      wakeAt: new Date(clock.now() + 60_000).toISOString(),
      waiting: [{ nodeId: "sub", visit: 1, reason: "approval", payload: { sum: 3 } }],
    });
    const state = await engine().getExecutionState(head.id);
    expect(result.waiting?.[0]?.waitToken).toBe(state.getWaiting()[0]?.waitToken);
    clock.advance(60_000);
    await toEnd(engine().recoverExecutions());
    const { status, output } = await engine().executeWorkflow({ ...CALL, ifExists: "join" });
    expect([status, output]).toEqual(["completed", { first: true, timedOut: true, two: true, last: true }]);
  });

  it("that cannot be read once its parent rests leaves the parent suspended", async () => {
    const { engine, child, data } = newFamily(ASKS);
    const store = data.reopen() as CheckpointStore;
    const read = store.readCheckpoints.bind(store);
    store.readCheckpoints = async (id, options) => {
      if (id !== "p1" && (await data.getExecution("p1"))?.status === "pending") {
        throw new WorkflowError("STATE_CORRUPT", "edited");
      }
      return read(id, options);
    };
    expect(await engine({ store }).executeWorkflow(CALL)).toMatchObject({ status: "suspended" });
    expect([(await data.getExecution("p1"))?.status, (await child()).status]).toEqual(["suspended", "suspended"]);
  });

  it("gets the data that its parent is resumed with", async () => {
    const { engine, runs } = newFamily(ASKS);
    await engine().executeWorkflow(CALL);
    await expect(engine().resumeWorkflow({ executionId: "p1", nodeId: "last", data: 1 })).rejects.toMatchObject({
      code: "NOT_WAITING",
    });
    expect(await engine().resumeWorkflow({ executionId: "p1" })).toMatchObject({
      status: "suspended",
      canResume: false,
    });
    const result = await engine().resumeWorkflow({ executionId: "p1", nodeId: "sub", data: "yes" });
    expect(result).toMatchObject({ status: "completed", output: { answer: "yes", two: true, last: true } });
    expect(runs).toEqual(["first", "child:ask", "child:ask", "child:two", "last"]);
  });

  it("is started anew by its parent if it was deleted: nobody could answer it", async () => {
    const { engine, data, child, toEnd } = newFamily(ASKS);
    await engine().executeWorkflow(CALL);
    const deleted = await child();
    expect(await engine().deleteExecution({ executionId: deleted.id })).toBe(true);
    const parent = await data.getExecution("p1");
    expect([parent?.status, parent?.waiting]).toEqual(["pending", undefined]);
    await toEnd(engine().recoverExecutions());
    expect(await child()).toMatchObject({ id: deleted.id, status: "suspended" });
    expect(await engine().resumeWorkflow({ executionId: "p1", data: "yes" })).toMatchObject({
      status: "completed",
      output: { answer: "yes" },
    });
  });

  it("takes an answer by its token, which makes the parent due", async () => {
    const { engine, data, child, toEnd, events } = newFamily(ASKS);
    const { waiting } = await engine().executeWorkflow(CALL);
    const waitToken = waiting?.[0]?.waitToken as string;
    events.length = 0;
    await engine().answerWait({ waitToken, data: "yes" });
    const answered = events.filter(({ type }) => type === "node.answered");
    expect(answered).toMatchObject([{ executionId: (await child()).id, parentId: "p1", nodeId: "ask" }]);
    const parent = await data.getExecution("p1");
    expect([parent?.status, parent?.waiting, (await child()).status]).toEqual(["pending", undefined, "pending"]);
    expect(parent?.wakeAt).toBeLessThanOrEqual(parent?.readAt ?? 0);
    // A resume by hand is enough: it takes the child with it.
    expect(await toEnd(engine().resumeWorkflow({ executionId: "p1" }))).toMatchObject({
      status: "completed",
      output: { answer: "yes" },
    });
    await expect(engine().answerWait({ waitToken, data: "no" })).rejects.toMatchObject({ code: "NOT_WAITING" });
  });

  it("asks a second question, which an answer to the first one never answers", async () => {
    const two: FamilyOptions = {
      workflows: [chainOf("parent", "sub", "last"), chainOf("child", "ask", "askAgain")],
      executors: {
        askAgain: ({ resume }) => (resume === undefined ? suspend({ reason: "sure?" }) : patch({ sure: resume.data })),
      },
    };
    const { engine } = newFamily(two);
    const first = await engine().executeWorkflow(CALL);
    const second = await engine().resumeWorkflow({ executionId: "p1", data: 1 });
    expect(second.waiting).toMatchObject([{ nodeId: "sub", reason: "sure?" }]);
    const late = { waitToken: first.waiting?.[0]?.waitToken as string, data: 2 };
    await expect(engine().answerWait(late)).rejects.toMatchObject({ code: "NOT_WAITING" });
    // The child is answered by itself; its parent does not know yet, and takes no answer to the old question.
    const { output } = await engine().resumeWorkflow({ executionId: "p1", data: 3 });
    expect(output).toEqual({ answer: 1, sure: 3, last: true });
  });

  it("is resumed by itself, and its parent continues", async () => {
    const { engine, child, data, toEnd } = newFamily(ASKS);
    await engine().executeWorkflow(CALL);
    const { id } = await child();
    expect(await engine().resumeWorkflow({ executionId: id, data: "by hand" })).toMatchObject({ status: "completed" });
    expect(await data.getExecution("p1")).toMatchObject({ status: "pending" });
    await toEnd(engine().recoverExecutions());
    expect((await engine().getExecutionState("p1")).getContext()).toMatchObject({ answer: "by hand", last: true });
  });

  it("makes a recovery of the same engine continue its parent at once", async () => {
    const { engine, child, runs } = newFamily(ASKS);
    const here = engine();
    await here.executeWorkflow(CALL);
    const recovery = here.startRecovery({ intervalMs: 3_600_000 });
    await settle();
    await here.resumeWorkflow({ executionId: (await child()).id, data: "by hand" });
    await until(() => runs.includes("last"));
    await recovery.stop();
  });

  it("hands an answer through several executions that are inside each other", async () => {
    const deep: FamilyOptions = {
      workflows: [chainOf("parent", "outer", "last"), chainOf("middle", "sub", "one"), chainOf("child", "ask", "two")],
      executors: { outer: subWorkflow({ workflowId: "middle" }) },
    };
    for (const how of ["data", "token"] as const) {
      const { engine, toEnd, child } = newFamily(deep);
      const { waiting } = await engine().executeWorkflow(CALL);
      expect(waiting).toMatchObject([{ nodeId: "outer", reason: "approval" }]);
      const middle = await child();
      expect(middle).toMatchObject({ status: "suspended", workflowId: "middle" });
      expect(await child(middle.id)).toMatchObject({ status: "suspended", workflowId: "child" });
      if (how === "data") {
        await toEnd(engine().resumeWorkflow({ executionId: "p1", data: how }));
      } else {
        await engine().answerWait({ waitToken: waiting?.[0]?.waitToken as string, data: how });
        await toEnd(engine().resumeWorkflow({ executionId: "p1" }));
      }
      const { output } = await engine().executeWorkflow({ ...CALL, ifExists: "join" });
      expect(output).toEqual({ answer: how, two: true, child: undefined, one: true, last: true, ...output });
      expect(output).toMatchObject({ answer: how, two: true, one: true, last: true });
    }
  });
});

describe("cancelExecution", () => {
  it("ends the children with their parent, also those that wait, and theirs", async () => {
    const { engine, child, events } = newFamily(DEEP);
    await engine().executeWorkflow(CALL);
    await engine().cancelExecution({ executionId: "p1", reason: "no more" });
    const middle = await child();
    const inner = await child(middle.id);
    for (const head of [middle, inner]) {
      expect(head).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
    }
    expect(events.filter(({ type }) => type === "execution.cancelled")).toHaveLength(3);
  });

  it("reaches a child in the middle of a node", async () => {
    let aborted = false;
    const one: NodeExecutor = ({ signal, context }) =>
      new Promise((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve(context);
        });
      });
    const { engine, child, runs } = newFamily({ executors: { one } });
    const here = engine();
    const running = here.executeWorkflow(CALL);
    await until(() => runs.includes("first"));
    await settle();
    await here.cancelExecution({ executionId: "p1" });
    expect(await running).toMatchObject({ status: "cancelled" });
    await settle();
    expect([aborted, (await child()).status]).toEqual([true, "cancelled"]);
    expect(runs).toEqual(["first"]);
  });

  it("reaches a child that its parent starts after the children were cancelled", async () => {
    const { engine, data, child } = newFamily(ASKS);
    const store = data.reopen() as CheckpointStore;
    const create = store.createExecution.bind(store);
    store.createExecution = async (execution) => {
      if (execution.parentId === "p1") await engine().cancelExecution({ executionId: "p1" });
      return create(execution);
    };
    expect(await engine({ store }).executeWorkflow(CALL)).toMatchObject({ status: "cancelled" });
    expect(await child()).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
  });

  it("called again ends what an interrupted call has left", async () => {
    for (const at of [1, 2]) {
      const { engine, child, data } = newFamily({ ...DEEP, storeRetryMs: 0 });
      await engine().executeWorkflow(CALL);
      const dying = engine({ store: crashAt(data.reopen(), { method: "claimExecution", call: at, when: "after" }) });
      await expect(dying.cancelExecution({ executionId: "p1" })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      const again = engine().cancelExecution({ executionId: "p1" });
      await expect(again).rejects.toMatchObject({ code: "INVALID_STATUS" });
      const middle = await child();
      expect([at, middle.status, (await child(middle.id)).status]).toEqual([at, "cancelled", "cancelled"]);
    }
  });

  it.each([1, 2])("ends what is below an execution that another call cancels just before: level %d", async (level) => {
    const { engine, child, data } = newFamily({ ...DEEP, storeRetryMs: 0 });
    await engine().executeWorkflow(CALL);
    const middle = await child();
    const meets = level === 1 ? "p1" : middle.id;
    const store = data.reopen() as CheckpointStore;
    const claim = store.claimExecution.bind(store);
    store.claimExecution = async (id, request) => {
      if (id === meets) {
        const dying = engine({ store: crashAt(data.reopen(), { method: "claimExecution", call: 1, when: "after" }) });
        await expect(dying.cancelExecution({ executionId: id })).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      }
      return claim(id, request);
    };
    const cancel = engine({ store }).cancelExecution({ executionId: "p1" });
    if (level === 1) await expect(cancel).rejects.toMatchObject({ code: "INVALID_STATUS" });
    else await cancel;
    const ends = [await child(), await child(middle.id)].map(({ status }) => status);
    expect(ends).toEqual(["cancelled", "cancelled"]);
  });

  it("of a child fails the node of its parent", async () => {
    const { engine, child, toEnd } = newFamily(ASKS);
    await engine().executeWorkflow(CALL);
    const { id } = await child();
    await engine().cancelExecution({ executionId: id, reason: "wrong order" });
    const result = await toEnd(engine().resumeWorkflow({ executionId: "p1" }));
    expect(result).toMatchObject({
      status: "failed",
      failure: { code: "CHILD_FAILED", nodeId: "sub", message: expect.stringContaining("wrong order") },
    });
  });

  it("by an aborted run of the parent also ends what is in flight", async () => {
    const controller = new AbortController();
    const one: NodeExecutor = ({ signal, context }) =>
      new Promise((resolve) => signal.addEventListener("abort", () => resolve(context)));
    const { engine, child, runs, toEnd } = newFamily({ executors: { one } });
    const running = engine().executeWorkflow({ ...CALL, signal: controller.signal, onAbort: "cancel" });
    await until(() => runs.includes("first"));
    await settle();
    controller.abort(new Error("enough"));
    expect(await toEnd(running)).toMatchObject({ status: "cancelled" });
    expect(await child()).toMatchObject({ status: "cancelled" });
  });
});

describe("deleteExecution", () => {
  it("takes the children and theirs, and what an interrupted deletion has left", async () => {
    const deep: FamilyOptions = {
      workflows: [chainOf("parent", "outer"), chainOf("middle", "sub"), chainOf("child", "ask")],
      executors: { outer: subWorkflow({ workflowId: "middle" }) },
    };
    const { engine, data } = newFamily(deep);
    await engine().executeWorkflow(CALL);
    await engine().executeWorkflow({ ...CALL, executionId: "p2" });
    expect(await engine().forUser("u2").deleteExecution({ executionId: "p1" })).toBe(false);
    expect((await data.listExecutions({})).items).toHaveLength(6);
    expect(await engine().deleteExecution({ executionId: "p1" })).toBe(true);
    expect((await data.listExecutions({})).items).toHaveLength(3);
    await data.deleteExecutions([{ id: "p2" }]);
    expect(await engine().deleteExecution({ executionId: "p2" })).toBe(false);
    expect((await data.listExecutions({})).items).toHaveLength(0);
  });
});

describe("pruneExecutions", () => {
  it("takes the children with their parents, and never before them", async () => {
    const { engine, data, clock } = newFamily({
      workflows: [chainOf("parent", "sub", "ask", "last"), chainOf("child", "one")],
    });
    await engine().executeWorkflow(CALL);
    clock.advance(1_000);
    // The child has ended long ago, and its parent still waits.
    expect(await engine().pruneExecutions({ olderThanMs: 500 })).toBe(0);
    await engine().resumeWorkflow({ executionId: "p1", data: 1 });
    clock.advance(1_000);
    expect(await engine().pruneExecutions({ olderThanMs: 500, workflowId: "child" })).toBe(0);
    expect(await engine().pruneExecutions({ olderThanMs: 500, dryRun: true })).toBe(2);
    expect(await engine().pruneExecutions({ olderThanMs: 500, workflowId: "parent" })).toBe(2);
    expect((await data.listExecutions({})).items).toEqual([]);
  });
});
