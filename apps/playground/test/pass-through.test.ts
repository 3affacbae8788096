import type { NodeExecutorArgs, Routed } from "@waymark/core";
import { describe, expect, it } from "vitest";
import { importN8n } from "../src/import/n8n.ts";
import { createPassThrough } from "../src/nodes/pass-through.ts";
import { type ExportedConnection, type ExportedNode, n8nExport } from "./n8n-export.ts";
import { deepFreeze } from "./run-node.ts";

/** Runs one node of an export with a context. Returns its output and the outputs that it took. */
async function pass(
  nodes: readonly (string | ExportedNode)[],
  options: {
    connections?: readonly ExportedConnection[];
    context?: Record<string, unknown>;
    pinData?: unknown;
    of?: string;
  },
) {
  const { connections = [], context = {}, pinData, of = "A" } = options;
  const { workflow } = importN8n({ ...n8nExport(nodes, connections), pinData }, { fallbackId: "file" });
  const node = workflow.nodes.find(({ id }) => id === of);
  const result = await createPassThrough(workflow)({ context: deepFreeze(context), node } as NodeExecutorArgs);
  const isRouted = "handles" in result;
  const next = (isRouted ? (result as Routed).result : result) as Record<string, unknown>;
  return { output: next[of], handles: isRouted ? (result as Routed).handles : "all", next };
}

const threeWays: ExportedConnection[] = [
  ["A", 0, "B"],
  ["A", 1, "C"],
  ["A", 2, "D"],
];

describe("a node without an executor", () => {
  it("returns one item, always the same, and keeps the context", async () => {
    const first = await pass(["A"], { context: { before: 1 } });
    expect(first.next).toMatchObject({ before: 1 });
    expect(first.output).toEqual([
      { json: { node: "A", type: "test.node", digest: expect.stringMatching(/^[0-9a-f]{16}$/) } },
    ]);
    expect(await pass(["A"], { context: { before: 1 } })).toEqual(first);
  });

  it("returns another item if its parameters or its input differ", async () => {
    const connections: ExportedConnection[] = [["In", 0, "A"]];
    const run = (input: unknown, parameters = {}) =>
      pass(["In", { name: "A", parameters }], { connections, context: { In: input, other: input } });
    const outputs = [await run([1]), await run([2]), await run([1], { x: 1 })].map(({ output }) =>
      JSON.stringify(output),
    );
    expect(new Set(outputs).size).toBe(3);
  });

  it("returns its pinned data", async () => {
    const pinData = { A: [{ json: { id: 7 } }] };
    expect((await pass(["A"], { pinData })).output).toEqual([{ json: { id: 7 } }]);
  });

  it("takes exactly one of several outputs, chosen by the digest", async () => {
    const taken = new Set<string>();
    for (let value = 0; value < 40; value++) {
      const node = { name: "A", parameters: { value } };
      const { handles } = await pass([node, "B", "C", "D"], { connections: threeWays });
      taken.add(handles as string);
    }
    expect([...taken].sort()).toEqual(["0", "1", "2"]);
  });

  it("never takes the error output", async () => {
    const connections = threeWays.slice(0, 2);
    for (let value = 0; value < 20; value++) {
      const node = { name: "A", onError: "continueErrorOutput", parameters: { value } };
      expect((await pass([node, "B", "C"], { connections })).handles).toEqual(["0"]);
    }
  });

  it("takes all outputs if its type uses all", async () => {
    const node = { name: "A", type: "n8n-nodes-base.compareDatasets" };
    expect((await pass([node, "B", "C", "D"], { connections: threeWays })).handles).toBe("all");
  });

  it("receives what a disabled node before it would receive", async () => {
    const nodes = ["In", "Other", { name: "Off", disabled: true }, "A"];
    const connections: ExportedConnection[] = [
      ["Other", 0, "Off", 1],
      ["In", 0, "Off", 0],
      ["Off", 0, "A"],
    ];
    const output = async (context: Record<string, unknown>) => (await pass(nodes, { connections, context })).output;
    const expected = await output({ In: [1], Other: [1] });
    expect(await output({ In: [1], Other: [2] })).toEqual(expected);
    expect(await output({ In: [2], Other: [1] })).not.toEqual(expected);
  });

  it("leaves its loop after a few visits, by an output that leads out of it", async () => {
    const { workflow } = importN8n(
      n8nExport(
        ["Start", "A", "Back", "Out"],
        [
          ["Start", 0, "A"],
          ["A", 0, "Back"],
          ["Back", 0, "A"],
          ["A", 1, "Out"],
        ],
      ),
      { fallbackId: "file" },
    );
    const taken = new Set<unknown>();
    for (let value = 0; value < 20; value++) {
      const node = { ...workflow.nodes[1], data: { value } };
      const visit = (number: number) =>
        createPassThrough(workflow)({ context: {}, node, visit: number } as unknown as NodeExecutorArgs);
      expect(await visit(6)).toMatchObject({ handles: "1" });
      taken.add(((await visit(5)) as Routed).handles);
    }
    expect([...taken].sort()).toEqual(["0", "1"]);
  });

  it("works the same on a canvas, by its handles", async () => {
    const edges = ["yes", "no", "error"].map((handle) => ({ source: "a", target: handle, sourceHandle: handle }));
    const nodes = ["a", "yes", "no", "error"].map((id) => ({ id }));
    const run = createPassThrough({ id: "w", nodes, edges });
    const taken = new Set<string>();
    for (let value = 0; value < 30; value++) {
      const node = { id: "a", type: "odd", data: { value } };
      const result = (await run({ context: deepFreeze({ value }), node } as unknown as NodeExecutorArgs)) as Routed;
      taken.add(String(result.handles));
      expect(result.result).toMatchObject({ value, a: [{ json: { node: "a", type: "odd" } }] });
    }
    expect([...taken].sort()).toEqual(["no", "yes"]);
  });

  it("returns a plain context if it has only one output", async () => {
    expect((await pass(["A", "B"], { connections: [["A", 2, "B"]] })).handles).toBe("all");
  });

  it("works with any name", async () => {
    const { next } = await pass(["__proto__"], { of: "__proto__" });
    expect(Object.keys(next)).toEqual(["__proto__"]);
  });
});
