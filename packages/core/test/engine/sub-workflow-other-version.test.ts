import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointStore,
  createWorkflowEngine,
  type NodeExecutor,
  subWorkflow,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { CALL, chainOf } from "./family-world.ts";
import { SILENT } from "./silent.ts";
import { toEndOn } from "./to-end.ts";
import { settle } from "./turns.ts";
import "./preloaded.ts";

const LEASE_MS = 30_000;
const PARENT = chainOf("parent", "first", "sub", "last");

type Executors = Record<string, NodeExecutor>;

/** Two versions of an application. In the newer one, the child has a node of a type that the older one does not know. */
function twoVersions() {
  const clock = new ManualClock();
  const data = new MemoryCheckpointStore({ clock });
  const runs: string[] = [];
  let mayEnd = false;
  const step: NodeExecutor = ({ node, context }) => {
    runs.push(node.id);
    return context;
  };
  const fresh: NodeExecutor = async ({ context }) => {
    if (!mayEnd) await new Promise(() => undefined);
    return context;
  };
  const known: Executors = { first: step, last: step, one: step, two: step, sub: subWorkflow({ workflowId: "child" }) };
  const engineOf = (child: WorkflowDefinition, executors: Executors | ((type: string) => NodeExecutor), store = data) =>
    createWorkflowEngine({
      ...{ workflows: [PARENT, child], executors, clock, logger: SILENT, leaseMs: LEASE_MS },
      store: store.reopen() as CheckpointStore,
    });
  const newer = (store = data) => engineOf(chainOf("child", "one", "fresh", "two"), { ...known, fresh }, store);
  const older = () => engineOf(chainOf("child", "one", "two"), known);
  const throwing = () =>
    engineOf(chainOf("child", "one", "two"), (type) => {
      const found = known[type];
      if (found === undefined) throw new Error(`There is no type ${type}.`);
      return found;
    });
  const child = async () => (await data.listExecutions({ parentId: CALL.executionId })).items[0];
  /** The process of the newer version dies in the middle of the child. */
  const begun = async () => {
    void newer().executeWorkflow(CALL);
    while ((await child())?.currentStep !== 1) await settle();
    const claim = { owner: "o", leaseMs: 0, force: true, from: ["running"] as const };
    for (const id of [CALL.executionId, (await child())?.id ?? ""]) {
      await data.claimExecution(id, { ...claim, from: [...claim.from], claimId: id });
    }
    mayEnd = true;
  };
  return { clock, data, runs, newer, older, throwing, child, begun, toEnd: toEndOn(clock) };
}

describe("a child that another version of the application has started", () => {
  it.each<[string, "older" | "throwing"]>([
    ["does not know a type of its nodes", "older"],
    ["throws when it looks for such a type", "throwing"],
  ])("is left to that one by one that %s, and so is its parent", async (_how, which) => {
    const { data, child, clock, toEnd, runs, newer, begun, [which]: older } = twoVersions();
    await begun();
    for (let pass = 1; pass <= 3; pass++) {
      await toEnd(older().recoverExecutions());
      const head = await data.getExecution("p1");
      expect([head?.status, head?.failure, (await child())?.status]).toEqual(["pending", undefined, "running"]);
      clock.advance(LEASE_MS);
    }
    // The end of the child makes its parent due, however long it would have paused.
    await toEnd(newer().recoverExecutions({ workflowId: "child" }));
    await toEnd(older().recoverExecutions());
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "one", "two", "last"]);
  });

  it("is looked at again after growing pauses", async () => {
    const { older, begun, data, clock, toEnd } = twoVersions();
    await begun();
    const pauses: number[] = [];
    for (let pass = 1; pass <= 12; pass++) {
      await toEnd(older().recoverExecutions());
      const { wakeAt = 0, readAt = 0 } = (await data.getExecution("p1")) ?? {};
      pauses.push(wakeAt - readAt);
      clock.advance(wakeAt - readAt);
    }
    expect(pauses.slice(0, 3)).toEqual([4_000, 8_000, 16_000]);
    expect(Math.max(...pauses)).toBe(600_000);
  });
});
