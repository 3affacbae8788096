import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  defineNode,
  type NodeExecutor,
  patch,
  route,
  type WorkflowDefinition,
  type WorkflowEngineOptions,
} from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1" };

function setUp(executor: NodeExecutor, options: Partial<WorkflowEngineOptions> = {}) {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({ store, workflows: [chain(2)], executors: { default: executor }, ...options });
  return { store, engine };
}

describe("a definition that is wrong", () => {
  const cases: [code: string, names: string, definition: unknown][] = [
    ["WORKFLOW_INVALID", "nodes", { id: "w", edges: [] }],
    ["WORKFLOW_INVALID", "nodes.0.id", { id: "w", nodes: [{ id: "" }], edges: [] }],
    ["WORKFLOW_INVALID", "nodes.0.name", { id: "w", nodes: [{ id: "a", name: "\0" }], edges: [] }],
    [
      "WORKFLOW_INVALID",
      "nodes.0.retry.maxAttempts",
      { id: "w", nodes: [{ id: "a", retry: { maxAttempts: 0 } }], edges: [] },
    ],
    ["WORKFLOW_INVALID", "nodes.0.data", { id: "w", nodes: [{ id: "a", data: [] }], edges: [] }],
    ["WORKFLOW_INVALID", "not JSON", { id: "w", nodes: [{ id: "a", data: { n: 1n } }], edges: [] }],
    ["WORKFLOW_EMPTY", "w", { id: "w", nodes: [], edges: [] }],
    ["DUPLICATE_NODE_ID", '"a"', { id: "w", nodes: [{ id: "a" }, { id: "a" }], edges: [] }],
    ["UNKNOWN_EDGE_NODE", '"z"', { id: "w", nodes: [{ id: "a" }], edges: [{ source: "a", target: "z" }] }],
    ["UNKNOWN_NODE_TYPE", '"__proto__"', { id: "w", nodes: [{ id: "a", type: "__proto__" }], edges: [] }],
    ["UNKNOWN_NODE_TYPE", '"constructor"', { id: "w", nodes: [{ id: "a", type: "constructor" }], edges: [] }],
    ["WORKFLOW_NO_START", '"w"', { id: "w", nodes: [{ id: "a" }], edges: [{ source: "a", target: "a" }] }],
    [
      "WORKFLOW_LOOP_INVALID",
      'entered at 2 nodes: "b", "c"',
      {
        id: "w",
        nodes: ["a", "b", "c", "d"].map((id) => ({ id })),
        edges: ["ab", "ac", "bc", "cb", "cd"].map(([source, target]) => ({ source, target })),
      },
    ],
  ];

  it.each(cases)("is refused with %s, naming %s, and nothing is written", async (code, names, definition) => {
    const { store, engine } = setUp(append, { workflows: async () => definition as WorkflowDefinition });
    await expect(engine.executeWorkflow({ workflowId: "w", userId: "u1" })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(names),
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it("of a workflow nobody knows, also by a hostile id", async () => {
    for (const workflows of [[chain(1)], { chain: chain(1) }]) {
      for (const workflowId of ["nope", "__proto__", "constructor", "toString"]) {
        await expect(
          setUp(append, { workflows }).engine.executeWorkflow({ workflowId, userId: "u1" }),
        ).rejects.toMatchObject({
          code: "WORKFLOW_NOT_FOUND",
        });
      }
    }
  });

  it("has data or input that do not fit their schemas", async () => {
    const wait = defineNode({ type: "wait", data: z.object({ ms: z.number() }), run: ({ context }) => context });
    const definition: WorkflowDefinition = {
      id: "chain",
      nodes: [{ id: "n1", type: "wait", data: { ms: "1" } }],
      edges: [],
      input: z.object({ quantity: z.number() }),
    };
    const { engine } = setUp(append, { workflows: [definition], executors: { wait } });
    await expect(engine.executeWorkflow(CALL)).rejects.toMatchObject({
      code: "NODE_DATA_INVALID",
      message: expect.stringMatching(/n1.*ms/),
    });
    definition.nodes = [{ id: "n1", type: "wait", data: { ms: 1 } }];
    const fixed = setUp(append, { workflows: [{ ...definition }], executors: { wait } }).engine;
    await expect(fixed.executeWorkflow({ ...CALL, initialData: { quantity: "x" } })).rejects.toMatchObject({
      code: "INPUT_INVALID",
      message: expect.stringContaining("quantity"),
    });
  });
});

describe("a wrong call", () => {
  it.each([
    [{ workflowId: 1 }, "workflowId"],
    [{ userId: undefined }, "userId"],
    [{ userId: "" }, "userId"],
    [{ executionId: "x".repeat(513) }, "executionId"],
    [{ executionId: "a\0" }, "executionId"],
    [{ initialData: [] }, "initialData"],
    [{ initialData: "x" }, "initialData"],
    [{ timeoutMs: -1 }, "timeoutMs"],
    [{ timeoutMs: Number.NaN }, "timeoutMs"],
    [{ budgetMs: "1" }, "budgetMs"],
    [{ signal: {} }, "signal"],
  ])("%j is refused, naming the field, and nothing is written", async (wrong, name) => {
    const { store, engine } = setUp(append);
    await expect(engine.executeWorkflow({ ...CALL, ...wrong } as never)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(name),
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });

  it.each([
    [{ store: {} }, "store"],
    [{ workflows: "x" }, "workflows"],
    [{ workflows: [chain(1), chain(2)] }, "workflows"],
    [{ executors: undefined }, "executors"],
    [{ leaseMs: 0.5 }, "leaseMs"],
    [{ durability: "maybe" }, "durability"],
    [{ retry: { backoffFactor: 0 } }, "retry.backoffFactor"],
    [{ clock: { now: () => 0 } }, "clock"],
  ])("createWorkflowEngine refuses %j", (wrong, name) => {
    expect(() => setUp(append, wrong as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(name.replace(".", ": ")) }),
    );
  });

  it("with initial data that no checkpoint keeps is refused with the path", async () => {
    const { store, engine } = setUp(append);
    await expect(engine.executeWorkflow({ ...CALL, initialData: { a: { f: () => 1 } } })).rejects.toMatchObject({
      code: "STATE_NOT_SERIALIZABLE",
      details: { path: ["a", "f"] },
    });
    expect((await store.listExecutions()).items).toEqual([]);
  });
});

describe("an executor that misbehaves", () => {
  class Instance {}
  const results: [what: string, result: unknown, code: string][] = [
    ["returns nothing", undefined, "NODE_RESULT_INVALID"],
    ["returns null", null, "NODE_RESULT_INVALID"],
    ["returns a string", "x", "NODE_RESULT_INVALID"],
    ["returns an array", [], "NODE_RESULT_INVALID"],
    ["returns an instance", new Instance(), "NODE_RESULT_INVALID"],
    ["patches with nothing", patch(undefined as never), "NODE_RESULT_INVALID"],
    ["routes a route", route(route({}, "a") as never, "b"), "NODE_RESULT_INVALID"],
    ["returns a function inside", { f: () => 1 }, "STATE_NOT_SERIALIZABLE"],
  ];
  it.each(results)("%s fails the node, with nothing of it kept, and is not retried", async (_what, result, code) => {
    const { engine } = setUp((args) => (args.node.id === "n2" ? (result as never) : append(args)), {
      retry: { maxAttempts: 5, backoffMs: 0 },
    });
    const failed = await engine.executeWorkflow(CALL);
    expect(failed).toMatchObject({
      status: "failed",
      failure: { code, nodeId: "n2", attempts: 1, message: expect.stringContaining('"n2"') },
      output: { ran: ["n1"] },
      canResume: true,
    });
  });

  it.each<[string, (context: Record<string, unknown>) => void]>([
    ["sets a key", (context) => void Object.assign(context, { x: 1 })],
    ["deletes a key", (context) => void delete context.list],
    ["pushes to a list", (context) => void (context.list as number[]).push(1)],
    ["sorts a list", (context) => void (context.list as number[]).sort()],
  ])("that %s of its context fails with CONTEXT_READ_ONLY, naming the node", async (_what, write) => {
    const { engine } = setUp(({ context }) => {
      write(context as Record<string, unknown>);
      return context;
    });
    const result = await engine.executeWorkflow({ ...CALL, initialData: { list: [2, 1] } });
    expect(result).toMatchObject({
      failure: { code: "CONTEXT_READ_ONLY", nodeId: "n1", message: expect.stringContaining('"n1"') },
      output: { list: [2, 1] },
    });
  });

  it.each<[string, unknown, string]>([
    ["a string", "just text", "just text"],
    ["null", null, "null"],
    ["undefined", undefined, "undefined"],
    ["an object", { reason: 1 }, "Something without a message was thrown: an instance of Object."],
    ["a bigint", 1n, "1"],
    ["a symbol", Symbol("why"), "Symbol(why)"],
    ["an error with a hostile text", new Error("a\0b\uD800"), "a\uFFFDb\uFFFD"],
    [
      "an error whose message throws",
      Object.defineProperty(new Error(), "message", {
        get() {
          throw new Error("gotcha");
        },
      }),
      "",
    ],
  ])("that throws %s fails the node and can be resumed", async (_what, thrown, message) => {
    let fail = true;
    const { engine } = setUp((args) => {
      if (fail) throw thrown;
      return append(args);
    });
    const failed = await engine.executeWorkflow(CALL);
    expect(failed).toMatchObject({ status: "failed", failure: { code: "NODE_FAILED", nodeId: "n1" } });
    if (message !== "") expect(failed.error).toBe(message);
    fail = false;
    expect(await engine.resumeWorkflow({ executionId: failed.executionId })).toMatchObject({ status: "completed" });
  });

  it("that gives a thenable is waited for; one that throws in then() fails", async () => {
    const { engine } = setUp((() => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tried here
      then: (_resolve: unknown, reject: (error: Error) => void) => reject(new Error("from then")),
    })) as never);
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", error: "from then" });
    const hostile = setUp((() => ({
      // biome-ignore lint/suspicious/noThenProperty: what is tried here
      then() {
        throw new Error("in then");
      },
    })) as never);
    expect(await hostile.engine.executeWorkflow(CALL)).toMatchObject({ status: "failed", error: "in then" });
  });

  it("that makes more than the store keeps fails with PAYLOAD_TOO_LARGE, nothing half-written", async () => {
    const store = new MemoryCheckpointStore({ maxPayloadBytes: 1_000 });
    let size = 2_000;
    const { engine } = setUp(
      ({ context, node }) => ({ ...context, [node.id]: node.id === "n2" ? "x".repeat(size) : 1 }),
      {
        store,
      },
    );
    const failed = await engine.executeWorkflow(CALL);
    expect(failed).toMatchObject({
      status: "failed",
      failure: { code: "PAYLOAD_TOO_LARGE", nodeId: "n2" },
      output: { n1: 1 },
      currentStep: 1,
    });
    size = 10;
    expect(await engine.resumeWorkflow({ executionId: failed.executionId })).toMatchObject({
      status: "completed",
      currentStep: 2,
    });
  });

  it("does not suffer from a listener that throws", async () => {
    const { engine } = setUp(append, {
      onEvent: () => {
        throw new Error("listener");
      },
    });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "completed" });
  });
});

describe("size", () => {
  it("5,000 nodes in a row", async () => {
    const { engine } = setUp(({ context }) => ({ count: Number(context.count ?? 0) + 1 }), {
      workflows: [chain(5_000)],
    });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ output: { count: 5_000 }, totalSteps: 5_000 });
  });

  it("1,000 branches into one join, one of them taken", async () => {
    const branches = Array.from({ length: 1_000 }, (_, index) => `b${index}`);
    const { engine } = setUp((args) => (args.node.id === "start" ? route(args.context, "b7") : append(args)), {
      workflows: [
        {
          id: "chain",
          nodes: ["start", ...branches, "join"].map((id) => ({ id })),
          edges: branches.flatMap((id) => [
            { source: "start", target: id, sourceHandle: id },
            { source: id, target: "join" },
          ]),
        },
      ],
    });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ output: { ran: ["b7", "join"] }, totalSteps: 3 });
  });
});
