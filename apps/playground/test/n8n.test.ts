import { describe, expect, it } from "vitest";
import { importN8n } from "../src/import/n8n.ts";
import { type ExportedNode, n8nExport } from "./n8n-export.ts";

const run = (value: unknown) => importN8n(value, { fallbackId: "file" });
const edgesOf = (value: unknown) =>
  run(value).workflow.edges.map((edge) => [edge.source, edge.sourceHandle, edge.target, edge.targetHandle]);

describe("importN8n", () => {
  it("converts every main connection to an edge with the indexes of output and input", () => {
    const value = n8nExport(
      ["Start", "If", "Yes", "No", "Join"],
      [
        ["Start", 0, "If"],
        ["If", 0, "Yes"],
        ["If", 1, "No"],
        ["Yes", 0, "Join", 0],
        ["No", 0, "Join", 1],
        ["Start", 0, "Join", 2],
      ],
    );
    expect(edgesOf(value)).toEqual([
      ["Start", "0", "If", "0"],
      ["Start", "0", "Join", "2"],
      ["If", "0", "Yes", "0"],
      ["If", "1", "No", "0"],
      ["Yes", "0", "Join", "0"],
      ["No", "0", "Join", "1"],
    ]);
    expect(run(value)).toMatchObject({ mainConnections: 6, unused: [], attached: [], dropped: [] });
  });

  it("keeps two connections between the same nodes", () => {
    const value = n8nExport(
      ["A", "B"],
      [
        ["A", 0, "B", 0],
        ["A", 1, "B", 0],
        ["A", 0, "B", 0],
      ],
    );
    expect(edgesOf(value)).toHaveLength(3);
  });

  it("takes id and name from the export, or else from the file", () => {
    expect(run({ ...n8nExport(["A"]), id: "wf1", name: "My flow" }).workflow).toMatchObject({
      id: "wf1",
      name: "My flow",
    });
    expect(run(n8nExport(["A"])).workflow.id).toBe("file");
  });

  it("drops and lists connections with a missing end", () => {
    const value = n8nExport(
      ["A", "B"],
      [
        ["A", 0, "B"],
        ["A", 0, "Gone"],
        ["Gone", 1, "B"],
        ["A", 0, "Gone", 0, "ai_tool"],
      ],
    );
    const { workflow, unused, mainConnections, dropped } = run(value);
    expect(workflow.edges).toHaveLength(1);
    expect(mainConnections).toBe(3);
    expect(dropped).toEqual([
      'connections with a missing end, left out: "A -> Gone (main)", "A -> Gone (ai_tool)", "Gone -> B (main)"',
    ]);
    expect(unused.map(({ source, target, kind }) => [source, target, kind])).toEqual([
      ["A", "Gone", "main"],
      ["A", "Gone", "ai_tool"],
      ["Gone", "B", "main"],
    ]);
  });

  it("reads unconnected outputs in every notation", () => {
    const value = {
      ...n8nExport(["A", "B"]),
      connections: { A: { main: [null, [], [{ node: "B", type: "main", index: 0 }], [null]] }, B: {} },
    };
    expect(edgesOf(value)).toEqual([["A", "2", "B", "0"]]);
  });

  it("reads an index that is text", () => {
    const connections = { A: { main: [[{ node: "B", type: "main", index: "1" }]] } };
    expect(edgesOf({ ...n8nExport(["A", "B"]), connections })).toEqual([["A", "0", "B", "1"]]);
  });

  it("drops sticky notes, and counts them", () => {
    const note: ExportedNode = { name: "Note", type: "n8n-nodes-base.stickyNote" };
    const { workflow, dropped } = run(n8nExport(["A", note, { ...note, name: "Note1" }]));
    expect(workflow.nodes.map(({ id }) => id)).toEqual(["A"]);
    expect(dropped).toEqual(["sticky notes, left out: 2"]);
  });

  it("converts models and tools to data of the nodes that they are plugged into, over several levels", () => {
    const value = n8nExport(
      ["Chat", "Agent", "Model", "Store", "Embedding", "Lookup"],
      [
        ["Chat", 0, "Agent"],
        ["Model", 0, "Agent", 0, "ai_languageModel"],
        ["Lookup", 0, "Agent", 0, "ai_tool"],
        ["Store", 0, "Lookup", 0, "ai_vectorStore"],
        ["Embedding", 0, "Store", 0, "ai_embedding"],
        ["Chat", 0, "Agent", 0, "ai_memory"],
      ],
    );
    const { workflow, attached } = run(value);
    expect(workflow.nodes.map(({ id }) => id)).toEqual(["Chat", "Agent"]);
    expect(attached).toEqual(["Model", "Store", "Embedding", "Lookup"]);
    const part = (name: string) => ({ name, type: "test.node", parameters: { of: name } });
    expect(workflow.nodes[1]?.data?.attached).toEqual({
      ai_languageModel: [part("Model")],
      ai_tool: [
        {
          ...part("Lookup"),
          attached: { ai_vectorStore: [{ ...part("Store"), attached: { ai_embedding: [part("Embedding")] } }] },
        },
      ],
      ai_memory: [part("Chat")],
    });
  });

  it("keeps all nodes if plugs form a ring", () => {
    const value = n8nExport(
      ["A", "T", "U"],
      [
        ["T", 0, "U", 0, "ai_tool"],
        ["U", 0, "T", 0, "ai_tool"],
      ],
    );
    expect(run(value).workflow.nodes.map(({ id }) => id)).toEqual(["A", "T", "U"]);
  });

  it("keeps the edges of a loop", () => {
    const value = n8nExport(
      ["Start", "Batch", "Work", "Done"],
      [
        ["Start", 0, "Batch"],
        ["Batch", 0, "Done"],
        ["Batch", 1, "Work"],
        ["Work", 0, "Batch"],
      ],
    );
    const { workflow } = run(value);
    expect(workflow.edges).toContainEqual(expect.objectContaining({ source: "Work", target: "Batch" }));
  });

  it("accepts names that are repeated, odd or missing", () => {
    const names = ["Set", "Set", "__proto__", "constructor", "", "a\u0000b", "x".repeat(600), "\ud800"];
    const value = n8nExport(
      names,
      [
        ["Set", 0, "__proto__"],
        ["__proto__", 0, "constructor"],
        ["constructor", 0, "Set"],
      ].slice(0, 2) as [string, number, string][],
    );
    const { workflow, dropped } = run(value);
    const ids = workflow.nodes.map(({ id }) => id);
    expect(ids).toEqual(["Set", "Set (2)", "__proto__", "constructor", "(unnamed)", "ab", "x".repeat(500), "\ufffd"]);
    expect(dropped).toEqual(['several nodes have this name, so connections go to the first: "Set"']);
    expect(workflow.edges.map(({ source, target }) => `${source}>${target}`)).toEqual([
      "Set>__proto__",
      "__proto__>constructor",
    ]);
  });

  it.each([
    ["no nodes", { nodes: [], connections: {} }, "WORKFLOW_EMPTY"],
    ["notes only", n8nExport([{ name: "N", type: "n8n-nodes-base.stickyNote" }]), "WORKFLOW_EMPTY"],
    ["a node that is not an object", { nodes: [1], connections: {} }, "WORKFLOW_INVALID"],
    ["a node without a type", { nodes: [{ name: "A" }], connections: {} }, "WORKFLOW_INVALID"],
    ["connections of the wrong shape", { ...n8nExport(["A"]), connections: { A: { main: "B" } } }, "WORKFLOW_INVALID"],
    [
      "an index that is not a number",
      { ...n8nExport(["A"]), connections: { A: { main: [[{ node: "A", index: "first" }]] } } },
      "WORKFLOW_INVALID",
    ],
    ["a connection to nothing", { ...n8nExport(["A"]), connections: { A: { main: [[{}]] } } }, "WORKFLOW_INVALID"],
  ])("refuses %s", (_, value, code) => {
    expect(() => run(value)).toThrow(expect.objectContaining({ code }));
  });
});
