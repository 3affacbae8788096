import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { definitionJson, hashDefinition } from "../../src/definition/hash.ts";
import { createWorkflowEngine, defineWorkflow, fromReactFlow, type WorkflowDefinition } from "../../src/index.ts";

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
  it("drops what a canvas adds, and keeps what counts", () => {
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

  it("refuses what is no workflow, at once", () => {
    expect(() => defineWorkflow({ id: "w", nodes: [], edges: [] })).toThrow(
      expect.objectContaining({ code: "WORKFLOW_EMPTY" }),
    );
    expect(() => defineWorkflow(undefined as never)).toThrow(expect.objectContaining({ code: "WORKFLOW_INVALID" }));
  });
});

describe("fromReactFlow", () => {
  it("takes a saved canvas as it is", () => {
    const workflow = fromReactFlow("w", CANVAS, {
      typeOf: (node) => (node.type === "http" ? "request" : node.type),
      ignore: (node) => node.type === "note",
    });
    expect(workflow).toEqual({
      id: "w",
      nodes: [
        { id: "a", type: "request", name: "Ask", data: { label: "Ask", url: "/x" } },
        { id: "b", data: {} },
      ],
      edges: [{ id: "e1", source: "a", target: "b", sourceHandle: null }],
    });
  });

  it("refuses what is no canvas", () => {
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

  it("does not depend on the order of keys, nor on what is absent", () => {
    expect(changed((w) => Object.assign(w.nodes[0] as object, { data: { y: { w: 2, z: [1, 2] }, x: 1 } }))).toBe(
      hashOf(base()),
    );
    expect(changed((w) => Object.assign(w.edges[0] as object, { sourceHandle: null }))).toBe(hashOf(base()));
  });

  it.each<[string, (definition: WorkflowDefinition) => void]>([
    ["an id", (w) => Object.assign(w.nodes[1] as object, { id: "c" })],
    ["a type", (w) => Object.assign(w.nodes[1] as object, { type: "t" })],
    ["a name", (w) => Object.assign(w.nodes[1] as object, { name: "n" })],
    ["data", (w) => Object.assign(w.nodes[0] as object, { data: { x: 2 } })],
    ["the order of a list", (w) => Object.assign(w.nodes[0] as object, { data: { x: 1, y: { z: [2, 1], w: 2 } } })],
    ["retry", (w) => Object.assign(w.nodes[0] as object, { retry: { maxAttempts: 2 } })],
    ["a timeout", (w) => Object.assign(w.nodes[0] as object, { timeoutMs: 1 })],
    ["a handle", (w) => Object.assign(w.edges[0] as object, { sourceHandle: "true" })],
    ["the order of nodes", (w) => void w.nodes.reverse()],
    ["the order of edges", (w) => void w.edges.unshift({ source: "a", target: "b", targetHandle: "x" })],
  ])("covers %s", (_what, change) => {
    expect(changed(change)).not.toBe(hashOf(base()));
  });

  it("is the name under which the store keeps what was run, in its own order of keys", async () => {
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
