import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parseWorkflows } from "../src/import/workflow-file.ts";
import { type ExportedConnection, type ExportedNode, n8nExport } from "./n8n-export.ts";
import { folderWith, runCli } from "./run-cli.ts";

/** Two models per layer, each plugged into both of the layer before, so the number of paths doubles. */
function ladder(layers: number) {
  const connections: ExportedConnection[] = [["Start", 0, "Agent"]];
  const nodes = ["Start", "Agent"];
  let before = ["Agent"];
  for (let layer = 0; layer < layers; layer++) {
    const here = [`a${layer}`, `b${layer}`];
    for (const from of here) for (const to of before) connections.push([from, 0, to, 0, "ai_tool"]);
    nodes.push(...here);
    before = here;
  }
  return n8nExport(nodes, connections);
}

function clique(size: number) {
  const names = Array.from({ length: size }, (_, index) => `t${index}`);
  const plugs = names.flatMap((from) =>
    ["Agent", ...names].filter((to) => to !== from).map((to): ExportedConnection => [from, 0, to, 0, "ai_tool"]),
  );
  return n8nExport(["Agent", ...names], plugs);
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const frames = (count: number) => [
  ...Array.from({ length: count }, (_, index) => ({ id: `f${index}`, type: "group", parentId: `f${index + 1}` })),
  { id: `f${count}`, type: "loop" },
  { id: "inside", parentId: "f0" },
];
const long = `\u001b[31m\n${"x".repeat(100_000)}`;

const refused: [name: string, file: unknown, code: string, says: RegExp][] = [
  ["plugs that double in each layer", ladder(14), "WORKFLOW_INVALID", /models and tools/],
  ["plugs that double without end", ladder(60), "WORKFLOW_INVALID", /models and tools/],
  ["plugs between all nodes", clique(40), "WORKFLOW_INVALID", /models and tools/],
  [
    "deep nesting",
    `{"nodes":[{"type":"t","parameters":${nested(50_000)}}],"connections":{}}`,
    "WORKFLOW_INVALID",
    /deep/,
  ],
  ["deep wrappers", `${'{"data":'.repeat(50_000)}1${"}".repeat(50_000)}`, "WORKFLOW_INVALID", /deep/],
  ["deep nesting in a text", { flowData: `{"nodes":${nested(50_000)},"edges":[]}` }, "WORKFLOW_INVALID", /No workflow/],
  ["many nodes that are not objects", { nodes: Array(300_000).fill(0), connections: {} }, "WORKFLOW_INVALID", /node 0/],
  ["many nodes without an id", { nodes: Array(100_000).fill({}), edges: [] }, "WORKFLOW_INVALID", /node 0/],
  ["an id that repeats", { nodes: [{ id: long }, { id: long }], edges: [] }, "DUPLICATE_NODE_ID", /x…/],
  ["an edge to nothing", { nodes: [{ id: "a" }], edges: [{ source: "a", target: long }] }, "UNKNOWN_EDGE_NODE", /x…/],
  [
    "frames that contain each other",
    {
      nodes: [...frames(1).slice(0, 1), { id: "f1", type: "group", parentId: "f0" }, { id: "c", parentId: "f0" }],
      edges: [],
    },
    "WORKFLOW_INVALID",
    /"c"/,
  ],
  ["frames in frames in a loop", { nodes: frames(20_000), edges: [] }, "WORKFLOW_INVALID", /"f20000"/],
  ["nothing but disabled nodes", n8nExport([{ name: "A", disabled: true }]), "WORKFLOW_EMPTY", /disabled: "A"/],
];

describe("compare, with a hostile file and little memory", () => {
  it("prints one line of error without control characters and exits with 2, for each file", async () => {
    await using folder = await folderWith(
      Object.fromEntries(refused.map(([name, content]) => [`${name}.json`, content])),
    );
    const env = { NODE_OPTIONS: "--max-old-space-size=256" };
    expect(await readdir(folder.path)).toHaveLength(refused.length);
    for (const [name, , code, says] of refused) {
      const args = ["compare", `${name}.json`, "--timeout", "5"];
      const ended = await runCli(args, { cwd: folder.path, env });
      expect(ended).toMatchObject({ code: 2, stdout: "" });
      expect(ended.stderr).toMatch(new RegExp(`^error ${code}: ${name}\\.json: [^\\n]*\\n$`));
      expect(ended.stderr).toMatch(says);
      expect(ended.stderr).not.toContain("\u001b");
      expect(ended.stderr.length).toBeLessThan(1_500);
    }
  });

  it("does not read a device to its end", async () => {
    const ended = await runCli(["compare", "/dev/zero"]);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("larger than 32 MiB");
  });
});

describe("a large or odd file", () => {
  it("with 30,000 nodes of one name is read, each node with its own id", () => {
    const numbered = Array.from({ length: 15_000 }, (_, index) => `Set (${index + 2})`);
    for (const names of [Array<string>(30_000).fill("Set"), [...Array<string>(15_000).fill("Set"), ...numbered]]) {
      const [loaded] = parseWorkflows(n8nExport(names), "file");
      expect(new Set(loaded?.workflow.nodes.map(({ id }) => id)).size).toBe(30_000);
      expect(loaded?.dropped.join().length).toBeLessThan(1_000);
    }
  });

  it("with 20,000 workflows without an id is read, each workflow with its own id", () => {
    const one = n8nExport(["A"]);
    const loaded = parseWorkflows(Array(20_000).fill(one), "file");
    expect(new Set(loaded.map(({ workflow }) => workflow.id)).size).toBe(20_000);
  });

  it("with 100,000 connections to missing nodes is read, with a short note", () => {
    const value = n8nExport(
      ["A"],
      Array.from({ length: 100_000 }, (_, index): ExportedConnection => ["A", 0, `gone ${index}`]),
    );
    const [loaded] = parseWorkflows(value, "file");
    expect(loaded?.dropped).toEqual([expect.stringContaining("and 99990 more")]);
  });

  it("with nodes in a long row is read", () => {
    const nodes = Array.from(
      { length: 20_000 },
      (_, index): ExportedNode => ({ name: `n${index}`, disabled: index === 0 }),
    );
    const links = nodes.slice(1).map(({ name }, index): ExportedConnection => [`n${index}`, 0, name]);
    expect(() => parseWorkflows(n8nExport(nodes, links), "file")).toThrow(/disabled: "n0"/);
    const [loaded] = parseWorkflows(n8nExport([...nodes, "Live"], [...links, ["Live", 0, "n1"]]), "file");
    expect(loaded?.workflow.nodes).toHaveLength(20_000);
  });

  it("with names of JavaScript's own properties is read and compared", async () => {
    const names = ["__proto__", "constructor", "hasOwnProperty", "then"];
    const nodes = names.map((name) => ({ name, type: name }));
    const links = names.slice(1).map((name, index): ExportedConnection => [names[index] as string, 0, name]);
    const text = JSON.stringify({ id: "__proto__", ...n8nExport(nodes, links) });
    await using folder = await folderWith({ "odd.json": text });
    const { code, report } = await runCli(["compare", "odd.json", "--json"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]?.nodes).toMatchObject({ total: 4, run: 4 });
  });
});
