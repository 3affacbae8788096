import { describe, expect, it } from "vitest";
import { mapWorkflow, subWorkflow, type WorkflowDefinition } from "../../src/index.ts";
import { CALL, chainOf, newFamily } from "./family-world.ts";

const PARENT = chainOf("parent", "first", "sub", "last");
const MIDDLE = chainOf("middle", "inner");
const CHILD = chainOf("child", "one", "fresh", "two");

/** Executors of one version that are missing in the other: `fresh`, which the child has. */
const FAMILIES: [string, WorkflowDefinition[], Parameters<typeof newFamily>[0]][] = [
  ["a child", [PARENT, CHILD], {}],
  [
    "a child of its child",
    [PARENT, MIDDLE, CHILD],
    { executors: { sub: subWorkflow({ workflowId: "middle" }), inner: subWorkflow({ workflowId: "child" }) } },
  ],
  ["the items of a map", [PARENT, CHILD], { executors: { sub: mapWorkflow({ workflowId: "child", items: "items" }) } }],
];

describe.each(FAMILIES)("%s that an engine cannot start, since it lacks a node type", (_what, workflows, defaults) => {
  const initialData = { items: [1, 2] };

  /** A process of either version, each with an engine of its own. */
  function twoVersions() {
    const family = newFamily({ ...defaults, workflows });
    const older = () => family.engine();
    const newer = () => family.engine({ executors: { ...defaults?.executors, fresh: ({ context }) => context } });
    return { ...family, older, newer };
  }

  it("is left by a recovery to those that can, at once, and told once; no attempt has failed", async () => {
    const { clock, data, runs, events, older, newer, toEnd } = twoVersions();
    await newer().startExecution({ ...CALL, initialData });
    const old = older();
    for (let pass = 1; pass <= 3; pass++) {
      const left = await toEnd(old.recoverExecutions());
      expect(left.resumed).toBe(0);
      expect(left.left).toContainEqual({ executionId: "p1", code: "UNKNOWN_NODE_TYPE" });
      const { status, wakeAt, readAt = 0, failure, recoveries } = (await data.getExecution("p1")) ?? {};
      expect({ status, failure, recoveries }).toEqual({ status: "pending", failure: undefined, recoveries: 0 });
      expect(wakeAt).toBeLessThanOrEqual(readAt);
    }
    const told = events.filter((event) => event.type === "recovery.left" && event.executionId === "p1");
    expect(told).toEqual([
      expect.objectContaining({ workflowId: "parent", message: expect.stringContaining("fresh") }),
    ]);
    // Another process takes it without a pause: only the one that cannot run it rests.
    while ((await data.getExecution("p1"))?.status !== "completed") {
      await toEnd(newer().recoverExecutions());
      clock.advance(1);
    }
    expect(runs.filter((run) => run === "first" || run === "last")).toEqual(["first", "last"]);
    expect(events.filter(({ type }) => type === "node.failed")).toEqual([]);
  });

  it("is tried again after growing pauses by a recovery that goes on", async () => {
    const { clock, older, newer, events } = twoVersions();
    await newer().startExecution({ ...CALL, initialData });
    const recovery = older().startRecovery({ intervalMs: 1_000 });
    for (let second = 0; second < 300; second++) {
      clock.advance(1_000);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    await recovery.stop();
    const tries = events.filter(
      ({ type, ...event }) => type === "node.started" && "nodeId" in event && event.nodeId === "sub",
    );
    expect(tries.length).toBeGreaterThan(3);
    expect(tries.length).toBeLessThan(12);
  });

  it("fails the node of a run that somebody has called", async () => {
    const { older, toEnd } = twoVersions();
    const result = await toEnd(older().executeWorkflow({ ...CALL, initialData }));
    expect(result).toMatchObject({ status: "failed", failure: { nodeId: "sub" } });
    expect(JSON.stringify(result.failure)).toContain('\\"fresh\\"');
  });
});
