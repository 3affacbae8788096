import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import {
  type CheckpointStore,
  createWorkflowEngine,
  defineNode,
  mapWorkflow,
  type NodeExecutor,
  route,
  subWorkflow,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { CALL, chainOf, newFamily } from "./family-world.ts";
import { SILENT } from "./silent.ts";
import { settle } from "./turns.ts";

const PARENT = chainOf("parent", "first", "sub", "last");
const MIDDLE = chainOf("middle", "inner");
const CHILD = chainOf("child", "one", "fresh", "two");

/** Takes only data that the node of the child does not have. */
const STRICT = defineNode({
  type: "one",
  data: z.object({ url: z.string() }),
  run: ({ context }) => context,
}) as unknown as NodeExecutor;

/** A child that leaves its node by an output, and the node's type as it is with that output and without. */
const BRANCH: WorkflowDefinition = {
  id: "child",
  nodes: [{ id: "one" }, { id: "two" }].map((node) => ({ ...node, type: node.id })),
  edges: [{ source: "one", target: "two", sourceHandle: "maybe" }],
};
const typeOne = (outputs: readonly string[]) =>
  defineNode({
    type: "one",
    data: z.object({}),
    outputs,
    run: ({ context }) => route(context, String(outputs.at(-1))),
  }) as unknown as NodeExecutor;
const WIDE = typeOne(["yes", "maybe"]);
const NARROW = typeOne(["yes"]);

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
    for (let pass = 1; pass <= 3; pass++) {
      await toEnd(newer().recoverExecutions());
      clock.advance(1);
    }
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(runs.filter((run) => run === "first" || run === "last")).toEqual(["first", "last"]);
    expect(events.filter(({ type }) => type === "node.failed")).toEqual([]);
  });

  it("is tried again after growing pauses by a recovery that continues", async () => {
    const { clock, older, newer, events } = twoVersions();
    await newer().startExecution({ ...CALL, initialData });
    const recovery = older().startRecovery({ intervalMs: 1_000 });
    for (let second = 0; second < 300; second++) {
      clock.advance(1_000);
      for (let time = 0; time < 4; time++) await settle();
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

describe("a child that an engine cannot start", () => {
  it("is tried once in a pass of recoverExecutions for each parent, however many parents there are", async () => {
    const { engine, toEnd, events } = newFamily({ workflows: [PARENT, CHILD] });
    const newer = engine({ executors: { fresh: ({ context }) => context } });
    const ids = Array.from({ length: 130 }, (_, number) => `p${number}`);
    for (const executionId of ids) await newer.startExecution({ ...CALL, executionId });
    const { resumed, left } = await toEnd(engine().recoverExecutions({ limit: 10, concurrency: 4 }));
    expect(resumed).toBe(0);
    expect(left.map(({ executionId }) => executionId).sort()).toEqual(ids.sort());
    expect(events.filter(({ type }) => type === "execution.resumed")).toHaveLength(ids.length);
  });

  it.each<[string, Parameters<typeof newFamily>[0], string]>([
    ["its workflow", { workflows: [PARENT] }, "WORKFLOW_NOT_FOUND"],
    ["an output of its node type", { executors: { one: NARROW } }, "UNKNOWN_EDGE_HANDLE"],
  ])("since it does not know %s is left to those that do", async (_what, lacking, code) => {
    const { engine, toEnd, data, events } = newFamily();
    const knowing = engine({ workflows: [PARENT, BRANCH], executors: { one: WIDE } });
    await knowing.startExecution(CALL);
    const older = engine({ workflows: [PARENT, BRANCH], executors: { one: WIDE }, ...lacking });
    expect(await toEnd(older.recoverExecutions())).toEqual({ resumed: 0, left: [{ executionId: "p1", code }] });
    expect(await data.getExecution("p1")).toMatchObject({ status: "pending", recoveries: 0 });
    expect(await toEnd(knowing.recoverExecutions())).toEqual({ resumed: 1, left: [] });
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(events.filter(({ type }) => type === "node.failed")).toEqual([]);
  });

  it.each(["cancelled", "failed"] as const)(
    "and no other can leaves its parent due until that is %s",
    async (status) => {
      const { engine, toEnd, data } = newFamily({ workflows: [PARENT] });
      const { startExecution, recoverExecutions, cancelExecution, resumeWorkflow } = engine();
      await startExecution(CALL);
      await toEnd(recoverExecutions());
      const end = (): Promise<unknown> =>
        status === "cancelled" ? cancelExecution({ executionId: "p1" }) : resumeWorkflow({ executionId: "p1" });
      await toEnd(end());
      expect(await data.getExecution("p1")).toMatchObject({ status });
      expect(await toEnd(recoverExecutions())).toEqual({ resumed: 0, left: [] });
    },
  );

  it("since its node data is refused fails the node of its parent, in a recovery too", async () => {
    const { engine, toEnd, data } = newFamily({ executors: { one: STRICT } });
    await engine().startExecution(CALL);
    expect(await toEnd(engine().recoverExecutions())).toEqual({ resumed: 1, left: [] });
    const failure = { nodeId: "sub", code: "NODE_DATA_INVALID" };
    expect(await data.getExecution("p1")).toMatchObject({ status: "failed", failure });
  });

  it.each(["workflow", "node type"])(
    "since the lookup of its %s throws is left to others, with what was thrown",
    async (what) => {
      const { clock, data, toEnd, events } = newFamily();
      const step: NodeExecutor = ({ context }) => context;
      const known: Record<string, NodeExecutor> = { first: step, last: step, one: step, two: step, fresh: step };
      known.sub = subWorkflow({ workflowId: "child" });
      let isDown = true;
      const lookUp = <T>(found: T, kind: string): T => {
        if (isDown && kind === what) throw new Error("is down");
        return found;
      };
      const { startExecution, recoverExecutions } = createWorkflowEngine({
        store: data.reopen() as CheckpointStore,
        workflows: (id) => (id === "child" ? lookUp(CHILD, "workflow") : PARENT),
        executors: (type) => (type === "fresh" ? lookUp(step, "node type") : known[type]),
        onEvent: (event) => void events.push(event),
        ...{ clock, logger: SILENT },
      });
      await startExecution(CALL);
      expect(await toEnd(recoverExecutions())).toEqual({
        resumed: 0,
        left: [{ executionId: "p1", code: "LOOKUP_FAILED" }],
      });
      expect(events).toContainEqual(expect.objectContaining({ type: "recovery.left", message: "is down" }));
      isDown = false;
      expect(await toEnd(recoverExecutions())).toEqual({ resumed: 1, left: [] });
      expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    },
  );
});
