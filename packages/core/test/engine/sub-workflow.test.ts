import { describe, expect, it } from "vitest";
import { patch, subWorkflow, suspend } from "../../src/index.ts";
import { CALL, newFamily } from "./family-world.ts";

describe("a node that runs a sub-workflow", () => {
  it("runs it as an execution of its own, and takes its final context over", async () => {
    const { engine, runs, child, events, data } = newFamily();
    const result = await engine().executeWorkflow({ ...CALL, initialData: { total: 5 }, metadata: { trace: "t" } });
    expect(result).toMatchObject({
      status: "completed",
      output: { total: 5, first: true, one: true, two: true, last: true },
      currentStep: 3,
      totalSteps: 3,
    });
    expect(runs).toEqual(["first", "child:one", "child:two", "last"]);
    const head = await child();
    expect(head).toMatchObject({
      id: expect.stringMatching(/^wc_[A-Za-z0-9_-]{43}$/),
      workflowId: "child",
      userId: "u1",
      status: "completed",
      parentId: "p1",
      parentNodeId: "sub",
      parentVisit: 1,
      metadata: { trace: "t" },
      currentStep: 2,
    });
    const ofChild = events.filter((event) => "executionId" in event && event.executionId === head.id);
    expect(ofChild.map(({ type }) => type)).toContain("execution.started");
    expect(ofChild.every((event) => "parentId" in event && event.parentId === "p1")).toBe(true);
    const ofParent = events.filter((event) => "executionId" in event && event.executionId === "p1");
    expect(ofParent.some((event) => "parentId" in event)).toBe(false);
    const { items } = await data.listExecutions({ topLevel: true });
    expect(items.map(({ id }) => id)).toEqual(["p1"]);
  });

  it("hands in what input returns, and takes what output returns", async () => {
    const sub = subWorkflow({
      workflowId: "child",
      input: ({ context, node }) => ({ seen: [context.total, node.id] }),
      output: ({ seen, two }, { context }) => patch({ back: [seen, two, context.first] }),
    });
    const { engine } = newFamily({ executors: { sub } });
    const { output } = await engine().executeWorkflow({ ...CALL, initialData: { total: 5 } });
    expect(output).toEqual({ total: 5, first: true, back: [[5, "sub"], true, true], last: true });
  });

  it("fails if output suspends: only the child can wait", async () => {
    const sub = subWorkflow({ workflowId: "child", output: () => suspend({ reason: "again" }) });
    const { engine, child } = newFamily({ executors: { sub } });
    const { status, failure } = await engine().executeWorkflow({ ...CALL, initialData: { total: 5 } });
    expect([status, failure?.code, failure?.nodeId]).toEqual(["failed", "NODE_RESULT_INVALID", "sub"]);
    expect(failure?.message).toMatch(/output of a subWorkflow\(\) must not suspend/);
    expect((await child()).status).toBe("completed");
  });
});
