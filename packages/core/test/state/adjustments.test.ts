import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  add,
  append,
  createWorkflowEngine,
  isWorkflowError,
  merge,
  type NodeExecutor,
  patch,
  suspend,
} from "../../src/index.ts";
import { adjust, withChanges } from "../../src/state/adjust.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";

describe("adjustments of a patch", () => {
  it("begin with nothing if the context has no such key", () => {
    expect(withChanges({}, { log: append("a", "b"), points: add(2), big: add(2n), totals: merge({ eu: 3 }) })).toEqual({
      log: ["a", "b"],
      points: 2,
      big: 2n,
      totals: { eu: 3 },
    });
  });

  it("adjust the value that the context has", () => {
    const context = { log: ["a"], points: 1, big: 1n, totals: { eu: 1, us: 2 }, other: true };
    const changes = { log: append("b"), points: add(-3), big: add(5n), totals: merge({ eu: 3 }) };
    expect(withChanges(context, changes)).toEqual({
      log: ["a", "b"],
      points: -2,
      big: 6n,
      totals: { eu: 3, us: 2 },
      other: true,
    });
  });

  it("merge objects at every depth, and apply the adjustments inside", () => {
    const context = { totals: { eu: { count: 1, ids: ["x"] }, us: { count: 9 } } };
    const changes = { totals: merge({ eu: { count: add(1), ids: append("y") }, asia: { count: 1 } }) };
    expect(withChanges(context, changes)).toEqual({
      totals: { eu: { count: 2, ids: ["x", "y"] }, us: { count: 9 }, asia: { count: 1 } },
    });
  });

  it("apply the adjustments inside of objects that the context does not have yet", () => {
    const totals = merge({ eu: { count: add(1), ids: append("x"), of: { all: merge({ n: add(2) }) } } });
    const first = { eu: { count: 1, ids: ["x"], of: { all: { n: 2 } } } };
    expect(withChanges({}, { totals })).toEqual({ totals: first });
    expect(withChanges({ totals: { eu: "none" } }, { totals })).toEqual({ totals: first });
    const twice = { eu: { count: 2, ids: ["x", "x"], of: { all: { n: 4 } } } };
    expect(withChanges({ totals: first }, { totals })).toEqual({ totals: twice });
  });

  it("leave values that contain themselves, that are too deep or that cannot be read to be refused", async () => {
    const cyclic: Record<string, unknown> = {};
    Object.assign(cyclic, { one: cyclic, other: { again: cyclic } });
    let deep: object = {};
    for (let depth = 0; depth < 5_000; depth++) deep = { deep };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [cyclic, deep, proxy]) {
      const { executeWorkflow } = createWorkflowEngine({
        store: new MemoryCheckpointStore(),
        workflows: [{ id: "w", nodes: [{ id: "n", type: "n" }], edges: [] }],
        executors: { n: () => patch({ a: merge({ value }) }) },
      });
      const result = await executeWorkflow({ workflowId: "w", userId: "u" });
      expect(result.failure?.code).toBe("STATE_NOT_SERIALIZABLE");
    }
  });

  it("set a key named __proto__ as any other", () => {
    const merged = adjust({ a: 1 }, merge(JSON.parse('{"__proto__":{"b":2}}')), []) as object;
    expect(Object.keys(merged)).toEqual(["a", "__proto__"]);
    expect("b" in merged).toBe(false);
  });

  it("make the same number in any order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(), (amounts, turn) => {
        const sum = (list: number[]) =>
          list.reduce<Record<string, unknown>>((context, amount) => withChanges(context, { n: add(amount) }), { n: 0 });
        const at = turn % (amounts.length + 1);
        expect(sum([...amounts.slice(at), ...amounts.slice(0, at)])).toEqual(sum(amounts));
      }),
    );
  });

  const wrong: [string, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    ["add() to a text", { n: "1" }, { n: add(1) }, /context\.n: add\(\) of a number needs a number there.*a string/],
    ["add() of a number to a bigint", { n: 1n }, { n: add(1) }, /a number there, and it is a bigint/],
    ["add() to null", { n: null }, { n: add(1) }, /it is null/],
    ["add() of a text", {}, { n: add("1" as unknown as number) }, /takes a number or a bigint.*a string/],
    [
      "append() to an object",
      { log: {} },
      { log: append(1) },
      /context\.log: append\(\) needs a list there.*an object/,
    ],
    ["merge() into an array", { t: [] }, { t: merge({}) }, /merge\(\) needs a plain object there.*a list/],
    ["merge() of an array", {}, { t: merge([1]) }, /takes a plain object, and was given a list/],
    ["merge() into a Map", { t: new Map() }, { t: merge({}) }, /an instance of "Map"/],
    ["add() inside a merge()", { t: { a: "x" } }, { t: merge({ a: add(1) }) }, /context\.t\.a/],
  ];
  it.each(wrong)("fail with NODE_RESULT_INVALID: %s", (_title, context, changes, message) => {
    const caught = thrownBy(() => withChanges(context, changes));
    expect(isWorkflowError(caught, "NODE_RESULT_INVALID")).toBe(true);
    expect((caught as Error).message).toMatch(message);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("an executor that adjusts the context", () => {
  const workflow = {
    id: "chain",
    nodes: [{ id: "a" }, { id: "b" }],
    edges: [{ source: "a", target: "b" }],
  };
  const count: NodeExecutor = ({ node }) =>
    patch({ points: add(1), log: append(node.id), seen: merge({ [node.id]: 1 }) });
  const counted = { points: 2, log: ["a", "b"], seen: { a: 1, b: 1 } };

  it("makes the same context on both executors", async () => {
    const options = { workflows: [workflow], executors: { default: count } };
    const v1 = createWorkflowExecutor(options);
    const v2 = createWorkflowEngine({ ...options, store: new MemoryCheckpointStore() });
    const call = { workflowId: "chain", userId: "u" };
    expect((await v1.executeWorkflowSync(call)).output).toEqual(counted);
    expect((await v2.executeWorkflow(call)).output).toEqual(counted);
  });

  it("makes a context that is read back equal", async () => {
    const store = new MemoryCheckpointStore();
    const engine = createWorkflowEngine({ workflows: [workflow], executors: { default: count }, store });
    const { executionId } = await engine.executeWorkflow({ workflowId: "chain", userId: "u" });
    const state = await engine.getExecutionState(executionId);
    expect(state.getContext()).toEqual(counted);
    expect(state.getCheckpoints().map(({ context }) => context.points)).toEqual([1, 2]);
  });

  it("fails, and is on record, if the context holds another kind of value", async () => {
    const engine = createWorkflowEngine({
      workflows: [workflow],
      executors: { default: count },
      store: new MemoryCheckpointStore(),
    });
    const call = { workflowId: "chain", userId: "u", initialData: { points: "three" } };
    const result = await engine.executeWorkflow(call);
    expect(result).toMatchObject({ status: "failed", failure: { code: "NODE_RESULT_INVALID", nodeId: "a" } });
    expect(result.output).toEqual({ points: "three" });
  });

  it("adjusts before it waits, and once more after the answer", async () => {
    const ask: NodeExecutor = ({ resume }) =>
      resume === undefined ? suspend({ context: patch({ points: add(1) }) }) : patch({ points: add(10) });
    const engine = createWorkflowEngine({
      workflows: [{ id: "ask", nodes: [{ id: "a" }], edges: [] }],
      executors: { default: ask },
      store: new MemoryCheckpointStore(),
    });
    const { executionId } = await engine.executeWorkflow({ workflowId: "ask", userId: "u" });
    const result = await engine.resumeWorkflow({ executionId, data: "yes" });
    expect(result.output).toEqual({ points: 11 });
  });

  it("cannot hide an adjustment in a whole context", async () => {
    const engine = createWorkflowEngine({
      workflows: [{ id: "one", nodes: [{ id: "a" }], edges: [] }],
      executors: { default: () => ({ points: add(1) }) },
      store: new MemoryCheckpointStore(),
    });
    const result = await engine.executeWorkflow({ workflowId: "one", userId: "u" });
    expect(result).toMatchObject({ status: "failed", failure: { code: "STATE_NOT_SERIALIZABLE" } });
  });
});
