import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, defineNode, type NodeExecutor, type StandardSchema, suspend } from "../../src/index.ts";
import { chain } from "./chain.ts";

/** An object that tells how often its total was read, and says something else each time. */
function changing(): { total: number; reads(): number } {
  let reads = 0;
  const order = {} as { total: number; reads(): number };
  Object.defineProperty(order, "total", { get: () => ++reads, enumerable: true });
  return Object.defineProperty(order, "reads", { value: () => reads, configurable: true });
}

function visible(order: { total: number }): { total: number } {
  return Object.defineProperty({} as { total: number }, "total", { get: () => order.total, enumerable: true });
}

/** n1 makes something, n2 fails once. Gives what n2 saw in the live run and after a resume in another engine. */
async function seenByNext(make: NodeExecutor, initialData: object = {}) {
  const store = new MemoryCheckpointStore();
  const seen: unknown[] = [];
  const executor: NodeExecutor = (args) => {
    if (args.node.id === "n1") return make(args);
    seen.push(args.context);
    if (seen.length === 1) throw new Error("once");
    return args.context;
  };
  const engineOn = () => createWorkflowEngine({ store, workflows: [chain(2)], executors: { default: executor } });
  const first = await engineOn().executeWorkflow({ workflowId: "chain", userId: "u1", initialData });
  if (seen.length === 0) return { first, seen };
  const resumed = await engineOn().resumeWorkflow({ executionId: first.executionId });
  return { first, resumed, seen };
}

describe("what a live run and a resumed one see", () => {
  it("is the same, and each property was read once", async () => {
    const order = changing();
    const { resumed, seen } = await seenByNext(({ context }) => ({
      ...context,
      order: visible(order),
      list: [new Proxy({ a: 1 }, {})],
      at: new Date(5),
    }));
    expect(seen[0]).toEqual({ order: { total: 1 }, list: [{ a: 1 }], at: new Date(5) });
    expect(seen[1]).toEqual(seen[0]);
    expect(resumed).toMatchObject({ status: "completed", output: seen[0] });
    expect(order.reads()).toBe(1);
  });

  it("is the same for initial data, too", async () => {
    const order = changing();
    const { seen } = await seenByNext(({ context }) => context, { order: visible(order), deep: [visible(order)] });
    expect(seen).toEqual([seen[0], seen[0]]);
    expect(seen[0]).toEqual({ order: { total: 1 }, deep: [{ total: 2 }] });
  });

  it("is the same for an answer, of which nothing is shared", async () => {
    const store = new MemoryCheckpointStore();
    const seen: unknown[] = [];
    const engine = createWorkflowEngine({
      store,
      workflows: [chain(1)],
      executors: {
        default: ({ context, resume }) => {
          if (resume === undefined) return suspend();
          seen.push(resume.data);
          if (seen.length === 1) throw new Error("once");
          return context;
        },
      },
    });
    const { executionId } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1" });
    const order = changing();
    const data = { order: visible(order), list: [1] };
    await engine.resumeWorkflow({ executionId, data });
    await engine.resumeWorkflow({ executionId });
    expect(seen).toEqual([
      { order: { total: 1 }, list: [1] },
      { order: { total: 1 }, list: [1] },
    ]);
    expect(order.reads()).toBe(1);
    expect(seen[0]).not.toBe(data);
    expect(Object.isFrozen(data.list)).toBe(false);
  });

  it("never is a proxy that cannot be read, wherever it is handed in", async () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const { executeWorkflow, WorkflowState } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(1)],
      executors: { default: () => proxy },
    });
    const refusal = { code: "STATE_NOT_SERIALIZABLE" };
    const call = { workflowId: "chain", userId: "u1" };
    await expect(executeWorkflow({ ...call, initialData: proxy })).rejects.toMatchObject(refusal);
    await expect(WorkflowState.create("chain", "u1", proxy)).rejects.toMatchObject(refusal);
    const state = await WorkflowState.create("chain", "u1");
    expect(() => state.setContext(proxy)).toThrow(expect.objectContaining(refusal));
    expect(() => state.updateContext(proxy)).toThrow(expect.objectContaining(refusal));
    expect(await executeWorkflow(call)).toMatchObject({ status: "failed", failure: { nodeId: "n1" } });
    // biome-ignore lint/suspicious/noThenProperty: a key like any other in a context
    const thenable = Object.defineProperty({}, "then", { enumerable: true, get: () => expect.fail });
    await expect(executeWorkflow({ ...call, initialData: thenable })).rejects.toMatchObject({
      ...refusal,
      details: { path: ["then"] },
    });
  });

  it.each([
    ["a hidden toJSON", () => Object.defineProperty({ total: 5 }, "toJSON", { value: () => ({ total: 0 }) })],
    ["a Map that is none", () => Object.create(Map.prototype)],
    ["an accessor that throws", () => Object.defineProperty({}, "a", { get: () => missing(), enumerable: true })],
  ])("never is %s: the node fails", async (_what, make) => {
    const { first } = await seenByNext(({ context }) => ({ ...context, order: make() }));
    expect(first).toMatchObject({ status: "failed", failure: { code: "STATE_NOT_SERIALIZABLE", nodeId: "n1" } });
    await expect(seenByNext(({ context }) => context, { order: make() })).rejects.toMatchObject({
      code: "STATE_NOT_SERIALIZABLE",
    });
  });
});

describe("a node's data", () => {
  class Price {
    #cents = 5;
    tags = ["a"];
    cents(): number {
      return this.#cents;
    }
  }
  const shared = { a: 1 };
  const made = {
    url: new URL("https://a.example/"),
    price: new Price(),
    format: (text: string) => text.toUpperCase(),
    pattern: /x/g,
    at: new Date(5),
    ids: new Map<unknown, unknown>([["k", { url: new URL("https://b.example/") }]]),
    tags: new Set([shared]),
    bytes: new Uint8Array([1]),
    nothing: undefined,
    twice: [shared, shared],
    bare: Object.assign(Object.create(null), { a: 1 }),
    frozen: Object.freeze({ list: Object.freeze([1]) }),
    [Symbol.for("s")]: 1,
    get lazy() {
      return 7;
    },
  };
  const schema: StandardSchema<unknown, typeof made> = {
    "~standard": { version: 1, vendor: "test", validate: () => ({ value: made }) },
  };

  async function dataIn(run: "frozen" | "copy" | "sync", change = false): Promise<typeof made> {
    let seen: typeof made | undefined;
    const node = defineNode({
      type: "default",
      data: schema,
      run: ({ data, context }) => {
        seen = data;
        if (change) {
          (data.frozen.list as number[]).push(2);
          data.ids.clear();
          data.at.setTime(9);
          data.twice.length = 0;
        }
        return context;
      },
    });
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(1)],
      executors: { default: node as never },
      ...(run === "sync" ? {} : { contextMode: run }),
    });
    const call = { workflowId: "chain", userId: "u1" };
    const result = run === "sync" ? await engine.executeWorkflowSync(call) : await engine.executeWorkflow(call);
    expect(result).toMatchObject({ success: true });
    if (seen === undefined) throw new Error("The node did not run.");
    return seen;
  }

  it("is equal in both modes and in executeWorkflowSync, whatever its schema makes", async () => {
    const frozen = await dataIn("frozen");
    for (const mode of ["copy", "sync"] as const) {
      const copy = await dataIn(mode);
      expect(copy).toEqual(frozen);
      expect(copy.price.cents()).toBe(5);
      expect(copy.format("x")).toBe("X");
      expect(copy.lazy).toBe(7);
      expect(copy.twice[1]).toBe(copy.twice[0]);
      expect([...copy.tags][0]).toBe(copy.twice[0]);
      expect(Object.getPrototypeOf(copy.bare)).toBe(null);
    }
  });

  it("may be changed in copy mode, and the next run sees nothing of it", async () => {
    await dataIn("copy", true);
    await dataIn("sync", true);
    const next = await dataIn("frozen");
    expect(next.frozen.list).toEqual([1]);
    expect([next.ids.size, next.at.getTime(), next.twice.length]).toEqual([1, 5, 2]);
  });
});

function missing(): never {
  throw new Error("not there");
}
