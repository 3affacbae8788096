import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { interceptStore, type StoreMethod } from "../../src/store/intercept-store.ts";
import { immediateClock } from "../immediate-clock.ts";
import { chain } from "./chain.ts";

/*
 * An id can be deleted and used again by somebody else between two steps of a call. Whatever the call has seen before, it
 * must not run the other execution, and not show it.
 */

const secret: NodeExecutor = ({ context }) => ({ ...context, secret: "bob" });
const ID = { executionId: "e1" } as const;

/** Alice's execution waits to go on; just before the `at`th call of a method, bob's has taken its id. */
async function reusedBefore(method: StoreMethod, at: number) {
  const kept = new MemoryCheckpointStore();
  const others = createWorkflowEngine({ store: kept, workflows: [chain(1)], executors: { default: secret } });
  await others.executeWorkflow({ workflowId: "chain", userId: "alice", ...ID, budgetMs: 0 });
  let calls = 0;
  const store = interceptStore(kept, async (called, call) => {
    if (called === method && ++calls === at) {
      await others.deleteExecution(ID);
      await others.executeWorkflow({ workflowId: "chain", userId: "bob", ...ID, budgetMs: 0 });
    }
    return call();
  });
  const ran: string[] = [];
  const noting: NodeExecutor = (args) => {
    ran.push(args.userId);
    return secret(args);
  };
  return {
    kept,
    ran,
    engine: createWorkflowEngine({
      store,
      workflows: [chain(1)],
      executors: { default: noting },
      clock: immediateClock(),
    }),
  };
}

it.each<[StoreMethod, number]>([
  ["readCheckpoints", 1],
  ["claimExecution", 1],
])("another user's execution that has the id by the time of %s is neither run nor shown", async (method, at) => {
  for (const resume of ["resumeWorkflow", "WorkflowState"] as const) {
    const { engine, kept, ran } = await reusedBefore(method, at);
    const { resumeWorkflow, WorkflowState } = engine.forUser("alice");
    const call = resume === "resumeWorkflow" ? resumeWorkflow(ID) : WorkflowState.resume(ID.executionId);
    await expect(call).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    expect(ran).toEqual([]);
    expect(await kept.getExecution("e1")).toMatchObject({ userId: "bob", status: "pending" });
  }
});

it("a lease that is waited for is not taken over from another user who has the id by then", async () => {
  // The first call takes the lease, the second finds it held, and looks again.
  const { engine, ran } = await reusedBefore("getExecution", 3);
  await engine.WorkflowState.resume(ID.executionId);
  const waiting = engine.forUser("alice").resumeWorkflow({ ...ID, waitForLeaseMs: 60_000 });
  await expect(waiting).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
  expect(ran).toEqual([]);
});
