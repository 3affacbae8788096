import { describe, expect, it } from "vitest";
import { type CheckpointStore, WorkflowError } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, type FamilyOptions, newFamily } from "./family-world.ts";

const ASKS: FamilyOptions = { workflows: [chainOf("parent", "first", "sub", "last"), chainOf("child", "ask", "two")] };

describe("a child that is ended from outside", () => {
  it.each([
    ["cancelled", 1],
    ["cancelled", 2],
    ["deleted", 1],
  ])("is not waited for any more, also if the call is cut off: %s, %d", async (how, call) => {
    const { engine, data, child, clock, toEnd } = newFamily({ ...ASKS, leaseMs: 1_000, storeRetryMs: 0 });
    await engine().executeWorkflow(CALL);
    const { id: executionId } = await child();
    const method = how === "cancelled" ? "claimExecution" : "deleteExecutions";
    const dying = engine({ store: crashAt(data.reopen(), { method, call, when: "after" }) });
    const ending =
      how === "cancelled" ? dying.cancelExecution({ executionId }) : dying.deleteExecution({ executionId });
    await expect(ending).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    for (let round = 0; round < 3; round++) {
      clock.advance(1_000);
      await toEnd(engine().recoverExecutions());
    }
    const parent = await data.getExecution("p1");
    const { status } = await child();
    // One that is deleted is started anew.
    expect(status).toBe(how === "cancelled" && call === 2 ? "cancelled" : "suspended");
    if (status === "cancelled") expect(parent).toMatchObject({ status: "failed", failure: { code: "CHILD_FAILED" } });
    else expect(parent).toMatchObject({ status: "suspended", waitingCount: 1 });
  });
});

describe("a child whose parent has gone", () => {
  it.each(["cancelled", "deleted"])("does not continue by itself: %s", async (how) => {
    const { engine, data, child, runs, toEnd } = newFamily({ ...ASKS, leaseMs: 1_000 });
    const { waiting } = await engine().executeWorkflow(CALL);
    const { id } = await child();
    await engine().answerWait({ waitToken: waiting?.[0]?.waitToken as string, data: 1 });
    // As if the process had died before it could tell the children.
    const claim = { claimId: "c", owner: "o", leaseMs: 1_000, force: true };
    if (how === "deleted") await data.deleteExecutions([{ id: "p1" }]);
    else
      await data.claimExecution("p1", {
        ...claim,
        from: ["pending"],
        cancel: { code: "EXECUTION_CANCELLED", message: "" },
      });
    const before = runs.length;
    await toEnd(engine().recoverExecutions());
    expect(await data.getExecution(id)).toMatchObject({
      status: "cancelled",
      failure: { message: expect.stringContaining('"p1"') },
    });
    expect(runs.length).toBe(before);
  });

  it("ends as cancelled if it was started after that, also if the process dies that has started it", async () => {
    const { engine, data, child, clock, toEnd } = newFamily({ ...ASKS, leaseMs: 1_000, storeRetryMs: 0 });
    const store = data.reopen() as CheckpointStore;
    const { createExecution, commit } = store;
    let isDead = false;
    store.createExecution = async (execution) => {
      // Whoever cancels sees no child yet.
      if (execution.parentId === "p1") await engine().cancelExecution({ executionId: "p1" });
      return createExecution.call(store, execution);
    };
    store.commit = async (id, request) => {
      if (isDead) throw new WorkflowError("STORE_UNAVAILABLE", "The process is gone.");
      await commit.call(store, id, request);
      isDead = id !== "p1" && request.head?.waitingCount === 1;
    };
    await toEnd(engine({ store }).executeWorkflow(CALL)).catch(() => undefined);
    expect([isDead, (await child()).waitingCount]).toEqual([true, 1]);
    clock.advance(1_000);
    await toEnd(engine().recoverExecutions());
    expect(await child()).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
  });
});
