import { expect, it } from "vitest";
import type { WorkflowDefinition } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, newFamily } from "./family-world.ts";

/** A node that waits for its child, and beside it one that the engine's policy starts once only. */
const PARENT: WorkflowDefinition = {
  id: "parent",
  nodes: [
    { id: "sub", type: "sub", retry: { onCrash: "retry" } },
    { id: "last", type: "last" },
  ],
  edges: [],
};

it("a parent that its child wakes does not count a node as cut off that had not begun", async () => {
  let woken = 0;
  for (let call = 1; call <= 8; call++) {
    const { engine, data, clock, children, runs, toEnd } = newFamily({
      workflows: [PARENT, chainOf("child", "ask")],
      retry: { onCrash: "fail" },
    });
    const store = crashAt(data.reopen(), { method: "commit", call, when: "before" });
    await toEnd(engine({ store, storeRetryMs: 0 }).executeWorkflow(CALL)).catch(() => undefined);
    clock.advance(60_000);
    const hasBegun = runs.includes("last");
    const [child] = await children();
    if (child?.status === "suspended" && (await data.getExecution("p1"))?.status === "running") {
      woken += 1;
      await engine().cancelExecution({ executionId: child.id });
    }
    for (let passes = 0; passes < 4; passes++) {
      await toEnd(engine().recoverExecutions());
      clock.advance(60_000);
    }
    const { failure } = (await data.getExecution("p1")) ?? {};
    const isCutOff = failure?.code === "NODE_CRASHED" && failure.nodeId === "last";
    expect([call, isCutOff && !hasBegun]).toEqual([call, false]);
  }
  expect(woken).toBeGreaterThan(0);
});
