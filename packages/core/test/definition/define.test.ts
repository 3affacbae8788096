import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { definitionJson, hashDefinition } from "../../src/definition/hash.ts";
import { canonicalJson } from "../../src/definition/json-text.ts";
import {
  createWorkflowEngine,
  defineWorkflow,
  fromReactFlow,
  type RetryPolicy,
  type WorkflowDefinition,
} from "../../src/index.ts";

const CANVAS = {
  nodes: [
    { id: "a", type: "http", position: { x: 0, y: 0 }, data: { label: "Ask", url: "/x" }, measured: { width: 1 } },
    { id: "note", type: "note", position: { x: 0, y: 0 }, data: { text: "remember" } },
    { id: "b", position: { x: 0, y: 0 }, data: {} },
  ],
  edges: [
    { id: "e1", source: "a", target: "b", sourceHandle: null, animated: true },
    { id: "e2", source: "note", target: "b" },
  ],
  viewport: { x: 0, y: 0, zoom: 1 },
};

describe("defineWorkflow", () => {
  it("drops the fields that a canvas adds, and keeps those of a definition", () => {
    const { nodes, edges } = CANVAS;
    expect(defineWorkflow({ id: "w", nodes, edges } as WorkflowDefinition & { id: "w" })).toEqual({
      id: "w",
      nodes: [
        { id: "a", type: "http", data: { label: "Ask", url: "/x" } },
        { id: "note", type: "note", data: { text: "remember" } },
        { id: "b", data: {} },
      ],
      edges: [
        { id: "e1", source: "a", target: "b", sourceHandle: null },
        { id: "e2", source: "note", target: "b" },
      ],
    });
  });

  it("refuses a value that is not a workflow", () => {
    expect(() => defineWorkflow({ id: "w", nodes: [], edges: [] })).toThrow(
      expect.objectContaining({ code: "WORKFLOW_EMPTY" }),
    );
    expect(() => defineWorkflow(undefined as never)).toThrow(expect.objectContaining({ code: "WORKFLOW_INVALID" }));
  });
});

describe("fromReactFlow", () => {
  it("makes a workflow from an unchanged saved canvas", () => {
    const workflow = fromReactFlow("w", CANVAS, {
      typeOf: (node) => (node.type === "http" ? "request" : node.type),
      ignore: (node) => node.type === "note",
    });
    expect(workflow.dropped).toEqual({ nodeIds: ["note"], edges: [{ id: "e2", source: "note", target: "b" }] });
    expect(workflow).toMatchObject({
      id: "w",
      nodes: [
        { id: "a", type: "request", name: "Ask", data: { label: "Ask", url: "/x" } },
        { id: "b", data: {} },
      ],
      edges: [{ id: "e1", source: "a", target: "b", sourceHandle: null }],
    });
  });

  it("refuses a value that is not a canvas", () => {
    for (const flow of [undefined, {}, { nodes: [null], edges: [] }, { nodes: [{ id: 1 }], edges: [] }]) {
      expect(() => fromReactFlow("w", flow as never)).toThrow(expect.objectContaining({ code: "WORKFLOW_INVALID" }));
    }
  });
});

describe("a definition's hash", () => {
  const base = (): WorkflowDefinition => ({
    id: "w",
    nodes: [{ id: "a", data: { x: 1, y: { z: [1, 2], w: 2 } } }, { id: "b" }],
    edges: [{ source: "a", target: "b" }],
  });
  const hashOf = (definition: WorkflowDefinition) => hashDefinition(definitionJson(definition));
  const changed = (change: (definition: WorkflowDefinition) => void) => {
    const definition = base();
    change(definition);
    return hashOf(definition);
  };

  it("does not depend on the order of keys, or on absent and undefined fields", () => {
    expect(changed((w) => Object.assign(w.nodes[0] as object, { data: { y: { w: 2, z: [1, 2] }, x: 1 } }))).toBe(
      hashOf(base()),
    );
    expect(changed((w) => Object.assign(w.edges[0] as object, { sourceHandle: null }))).toBe(hashOf(base()));
  });

  it("begins with the number of its rule, and is a valid id", () => {
    expect(hashOf(base())).toMatch(/^2:[0-9a-f]{64}$/);
  });

  it("does not depend on the ids of edges: a canvas that is saved 100 times is one definition", async () => {
    const store = new MemoryCheckpointStore();
    const hashes = new Set<string>();
    const saved = new Set<string>();
    const save = store.saveDefinition.bind(store);
    store.saveDefinition = async (hash, json) => {
      saved.add(hash);
      return save(hash, json);
    };
    for (let number = 0; number < 100; number++) {
      const definition = changed((w) => Object.assign(w.edges[0] as object, { id: `xy-edge__${number}` }));
      hashes.add(definition);
      const workflows = [{ ...base(), edges: [{ id: `xy-edge__${number}`, source: "a", target: "b" }] }];
      const engine = createWorkflowEngine({ store, workflows, executors: { default: ({ context }) => context } });
      await engine.executeWorkflow({ workflowId: "w", userId: "u1" });
    }
    expect([hashes.size, saved.size]).toEqual([1, 1]);
    expect(hashes).toEqual(saved);
  });

  it("sorts keys by code unit as RFC 8785 does, also keys that look like numbers", () => {
    const value = {
      "\u20ac": 1,
      "\r": 2,
      "\ufb33": 3,
      1: 4,
      10: 5,
      9: 6,
      "\ud83d\ude00": 7,
      "\u0080": 8,
      a: [56, { d: true, 10: null, 1: [] }],
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":4,"10":5,"9":6,"a":[56,{"1":[],"10":null,"d":true}],"\u0080":8,"\u20ac":1,"\ud83d\ude00":7,"\ufb33":3}',
    );
    const numbers = [1 / 3, 1e30, 4.5, 2e-3, 1e-27];
    expect(canonicalJson(numbers)).toBe("[0.3333333333333333,1e+30,4.5,0.002,1e-27]");
  });

  it.each<[string, (definition: WorkflowDefinition) => void]>([
    ["an id", (w) => Object.assign(w.nodes[1] as object, { id: "c" })],
    ["a type", (w) => Object.assign(w.nodes[1] as object, { type: "t" })],
    ["a name", (w) => Object.assign(w.nodes[1] as object, { name: "n" })],
    ["data", (w) => Object.assign(w.nodes[0] as object, { data: { x: 2 } })],
    ["the order of a list", (w) => Object.assign(w.nodes[0] as object, { data: { x: 1, y: { z: [2, 1], w: 2 } } })],
    ["retry", (w) => Object.assign(w.nodes[0] as object, { retry: { maxAttempts: 2 } })],
    ["a retry policy's jitter", (w) => Object.assign(w.nodes[0] as object, { retry: { jitter: 0 } })],
    ["what a retry policy retries on", (w) => Object.assign(w.nodes[0] as object, { retry: { retryOn: ["E"] } })],
    ["what a retry policy does on a crash", (w) => Object.assign(w.nodes[0] as object, { retry: { onCrash: "fail" } })],
    ["a timeout", (w) => Object.assign(w.nodes[0] as object, { timeoutMs: 1 })],
    ["the workflow's id", (w) => Object.assign(w, { id: "v" })],
    ["the workflow's name", (w) => Object.assign(w, { name: "n" })],
    ["an edge's end", (w) => Object.assign(w.edges[0] as object, { target: "a", source: "b" })],
    ["a target's handle", (w) => Object.assign(w.edges[0] as object, { targetHandle: "in" })],
    ["a second edge", (w) => void w.edges.push({ source: "a", target: "b" })],
    ["a handle", (w) => Object.assign(w.edges[0] as object, { sourceHandle: "true" })],
    ["the order of nodes", (w) => void w.nodes.reverse()],
    ["the order of edges", (w) => void w.edges.unshift({ source: "a", target: "b", targetHandle: "x" })],
  ])("covers %s", (_what, change) => {
    expect(changed(change)).not.toBe(hashOf(base()));
  });

  it("is that of a definition whose nodes get every field of their retry policy", async () => {
    const retry = {
      ...{ maxAttempts: 2, backoffMs: 3, backoffFactor: 4, maxBackoffMs: 5, jitter: 0.5 },
      ...{ retryOn: ["E"], onCrash: "fail" },
    } satisfies Required<RetryPolicy>;
    const seen: unknown[] = [];
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [{ id: "w", nodes: [{ id: "a", retry }], edges: [] }],
      executors: {
        default: ({ context, node }) => {
          seen.push(node.retry);
          return context;
        },
      },
    });
    await engine.executeWorkflow({ workflowId: "w", userId: "u1" });
    expect(seen).toEqual([retry]);
  });

  it("is the key of the stored definition, whose own keys keep their order", async () => {
    const store = new MemoryCheckpointStore();
    const seen: string[][] = [];
    const engine = createWorkflowEngine({
      store,
      workflows: [{ id: "w", nodes: [{ id: "a", data: { z: 1, a: 2 } }], edges: [] }],
      executors: {
        default: ({ context, data }) => {
          seen.push(Object.keys(data));
          return context;
        },
      },
    });
    const { executionId } = await engine.executeWorkflow({ workflowId: "w", userId: "u1" });
    const hash = String((await store.getExecution(executionId))?.definitionHash);
    expect(JSON.parse(String(await store.getDefinition(hash)))).toMatchObject({ id: "w" });
    expect(seen).toEqual([["z", "a"]]);
  });
});
