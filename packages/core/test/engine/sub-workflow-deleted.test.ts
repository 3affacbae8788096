import { describe, expect, it } from "vitest";
import { type CheckpointStore, mapWorkflow, type NodeExecutor, subWorkflow } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { CALL, chainOf, newFamily } from "./family-world.ts";

/** A family in which another process deletes an execution, once, in the middle of the child's second node. */
function deleting(which: "parent" | "child", nodeConcurrency: number) {
  const family = newFamily({ nodeConcurrency });
  const { engine, child, runs } = family;
  let isDeleted = false;
  const two: NodeExecutor = async ({ context }) => {
    runs.push("child:two");
    const executionId = which === "parent" ? CALL.executionId : (await child()).id;
    if (!isDeleted) await engine().deleteExecution({ executionId });
    isDeleted = true;
    return { ...context, two: true };
  };
  return { ...family, two };
}

describe.each([1, 4])("a deletion by another process (nodeConcurrency: %d)", (nodeConcurrency) => {
  it("of a child alone lets its parent, which runs it, start it anew", async () => {
    const { engine, two, toEnd, runs, child } = deleting("child", nodeConcurrency);
    expect(await toEnd(engine({ executors: { two } }).executeWorkflow(CALL))).toMatchObject({ status: "completed" });
    expect(runs).toEqual(["first", "child:one", "child:two", "child:one", "child:two", "last"]);
    expect(await child()).toMatchObject({ status: "completed" });
  });

  it("of the parent ends its run, which starts no child anew", async () => {
    const { engine, two, toEnd, runs, data } = deleting("parent", nodeConcurrency);
    const running = toEnd(engine({ executors: { two } }).executeWorkflow(CALL));
    await expect(running).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND", executionId: "p1" });
    expect(runs).toEqual(["first", "child:one", "child:two"]);
    expect((await data.listExecutions({})).items).toEqual([]);
  });
});

describe("pruneExecutions", () => {
  it.each(["completed", "failed"] as const)("counts all that go with several that have %s", async (status) => {
    const { engine, toEnd, data, clock } = newFamily({
      workflows: [chainOf("parent", "first", "outer", "last"), chainOf("middle", "map"), chainOf("child", "one")],
      executors: {
        outer: subWorkflow({ workflowId: "middle" }),
        map: mapWorkflow({ workflowId: "child", items: "items" }),
        last: ({ context }) => {
          if (status === "failed") throw new Error("no");
          return context;
        },
      },
    });
    for (const executionId of ["p1", "p2", "p3"]) {
      await toEnd(engine().executeWorkflow({ ...CALL, executionId, initialData: { items: [1, 2] } }));
    }
    clock.advance(1_000);
    expect((await data.listExecutions({})).items).toHaveLength(12);
    const options = { olderThanMs: 500, status: [status] };
    expect(await engine().pruneExecutions({ ...options, dryRun: true })).toBe(12);
    expect(await engine().pruneExecutions(options)).toBe(12);
    expect((await data.listExecutions({})).items).toEqual([]);
  });
});

describe("pruneExecutions that was interrupted", () => {
  it.each(["listExecutions", "deleteExecutions"] as const)(
    "at any %s() is completed by a second call",
    async (method) => {
      for (let call = 1; ; call++) {
        const no: NodeExecutor = () => {
          throw new Error("no");
        };
        const { engine, data, clock } = newFamily({
          workflows: [chainOf("parent", "outer"), chainOf("middle", "map"), chainOf("child", "one", "no")],
          executors: {
            outer: subWorkflow({ workflowId: "middle" }),
            map: mapWorkflow({ workflowId: "child", items: "items", onItemError: "collect" }),
            no,
          },
        });
        for (const executionId of ["p1", "p2"]) {
          await engine().executeWorkflow({ ...CALL, executionId, initialData: { items: [1, 2] } });
        }
        clock.advance(1_000);
        const store = crashAt(data.reopen(), { method, call, when: "after" });
        const dying = engine({ store: store as CheckpointStore, storeRetryMs: 0 });
        await dying.pruneExecutions({ olderThanMs: 500 }).catch(() => undefined);
        await engine().pruneExecutions({ olderThanMs: 500 });
        const { items } = await data.listExecutions({});
        expect([call, items]).toEqual([call, []]);
        if (!store.crashed) return;
      }
    },
  );
});
