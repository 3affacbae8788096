import { describe, expect, it } from "vitest";
import { type NodeExecutor, suspend } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { append, chain } from "./chain.ts";
import { HintLog } from "./hint-log.ts";
import { settle } from "./turns.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(1);
const CALL = callOf(WORKFLOW);
const HINT = ["e1", { tenant: "u1" }];

/** An engine with a dispatcher whose hints are kept. */
function worldWithQueue(executor: NodeExecutor = append, workflow = WORKFLOW) {
  const queue = new HintLog();
  const world = newWorld(workflow, executor);
  return { ...world, queue, own: world.engine({ dispatcher: queue }) };
}

describe("an engine with a dispatcher tells the queue", () => {
  it("of an execution that was started, with its user and the priority of the call", async () => {
    const { queue, own } = worldWithQueue();
    await own.startExecution(CALL);
    expect(queue.taken()).toEqual([HINT]);
    await own.startExecution({ ...CALL, executionId: "e2", priority: 7 });
    expect(queue.taken()).toEqual([["e2", { tenant: "u1", priority: 7 }]]);
  });

  it("of an execution of a user's engine", async () => {
    const { queue, own } = worldWithQueue();
    await own.forUser("u9").startExecution({ workflowId: "chain", executionId: "e1" });
    expect(queue.taken()).toEqual([["e1", { tenant: "u9" }]]);
  });

  it("of a failed execution that a second start makes due, and of none that is joined", async () => {
    let fails = true;
    const { queue, own, toEnd } = worldWithQueue((args) => {
      if (fails) throw new Error("boom");
      return append(args);
    });
    await toEnd(own.executeWorkflow(CALL));
    await own.startExecution({ ...CALL, ifExists: "join" });
    expect(queue.taken()).toEqual([]);
    fails = false;
    await own.startExecution({ ...CALL, ifExists: "resume" });
    expect(queue.taken()).toEqual([HINT]);
  });

  it("of an execution in the caller's transaction, with the transaction of the view", async () => {
    const { queue, own, store } = worldWithQueue();
    const view = (id: object | undefined) => ({ ...interceptStore(store, (_method, call) => call()), transaction: id });
    const transaction = { begun: true };
    await own.startExecution({ ...CALL, store: view(transaction) });
    expect(queue.taken()).toEqual([["e1", { tenant: "u1", transaction }]]);
    await own.startExecution({ ...CALL, executionId: "e2", store: view(undefined) });
    expect(queue.taken()).toEqual([]);
  });

  it("of an answer that is kept, and of none that a run of its own takes over", async () => {
    let waitToken = "";
    const { queue, own, toEnd } = worldWithQueue((args) => {
      waitToken = args.waitToken;
      return args.resume === undefined ? suspend() : append(args);
    });
    await toEnd(own.executeWorkflow(CALL));
    expect(queue.taken()).toEqual([]);
    await own.answerWait({ waitToken, data: 1 });
    expect(queue.taken()).toEqual([HINT]);
  });

  it("of the end of a wait, with its time by the store's clock", async () => {
    const { queue, own, toEnd } = worldWithQueue(({ resume, context }) =>
      resume === undefined ? suspend({ forMs: 90_000 }) : context,
    );
    await toEnd(own.executeWorkflow(CALL));
    expect(queue.taken()).toEqual([["e1", { tenant: "u1", delayMs: 90_000 }]]);
  });

  it("of a run that has spent its budget, of a fork and of a cancellation", async () => {
    const { queue, own, toEnd } = worldWithQueue();
    await toEnd(own.executeWorkflow({ ...CALL, budgetMs: 0 }));
    expect(queue.taken()).toEqual([["e1", { tenant: "u1", delayMs: 0 }]]);
    const { executionId } = await own.forkExecution({ executionId: "e1", at: { stepNumber: 0 } });
    expect(queue.taken()).toEqual([[executionId, { tenant: "u1" }]]);
    await own.cancelExecution({ executionId });
    expect(queue.taken()).toEqual([[executionId, { tenant: "u1" }]]);
  });

  it("of nothing if an execution runs to its end", async () => {
    const { queue, own, toEnd } = worldWithQueue();
    await toEnd(own.executeWorkflow(CALL));
    expect(queue.taken()).toEqual([]);
  });
});

describe("a queue that is away", () => {
  it.each([
    ["rejects", async () => Promise.reject(new Error("away"))],
    [
      "throws",
      () => {
        throw new Error("away");
      },
    ],
  ])("does not fail a call if it %s, and is told", async (_how, answer) => {
    const { queue, own, events } = worldWithQueue();
    queue.answer = answer;
    await own.startExecution(CALL);
    expect(events).toContainEqual(
      expect.objectContaining({ type: "dispatch.failed", executionId: "e1", message: "away" }),
    );
  });

  it("holds a call up for a second at most", async () => {
    const { queue, own, clock } = worldWithQueue();
    queue.answer = () => new Promise(() => undefined);
    let isOver = false;
    const started = own.startExecution(CALL).then(() => {
      isOver = true;
    });
    await settle();
    clock.advance(999);
    await settle();
    expect(isOver).toBe(false);
    clock.advance(1);
    await started;
  });
});
