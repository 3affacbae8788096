import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type LoadedWorkflow, parseWorkflows } from "../src/import/workflow-file.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const FOLDER = fileURLToPath(new URL("./drawings/", import.meta.url));

/** `id "title": nodes; edges` */
function summary({ workflow, title }: LoadedWorkflow): string {
  const edges = workflow.edges.map(({ source, target, sourceHandle }) => {
    return `${source} -${sourceHandle == null ? "" : `[${sourceHandle}]`}> ${target}`;
  });
  return `${workflow.id} "${title}": ${workflow.nodes.map(({ id }) => id).join(", ")}; ${edges.join(", ")}`;
}

const ORDERS_N8N = 'wf1 "Orders": Start, Tell; Start -[0]> Tell';
const REFUNDS_N8N = 'wf2 "Refunds": Begin, Pay back; Begin -[0]> Pay back';
const ORDERS_ROWS = 'w1 "Orders": n1, n2; n1 -[main]> n2';
const orders = (id: string, title = id) => `${id} "${title}": start, tell; start -> tell`;

const shapes: Record<string, string[]> = {
  dify: ['dify "Support": 1, 2; 1 -[source]> 2'],
  "flowise-chatflow": ['c1 "Helper": chatOpenAI_0, chain_0; chatOpenAI_0 -[chatOpenAI_0-output-chatOpenAI]> chain_0'],
  "flowise-export-all": ['c1 "Helper": a; ', 'g1 "Agent": b; '],
  langflow: ['l1 "Basic prompting": ChatInput-a, ChatOutput-b; ChatInput-a -[{œdataTypeœ:œChatInputœ}]> ChatOutput-b'],
  "n8n-clipboard": ['n8n-clipboard "n8n-clipboard": Start, Tell; Start -[0]> Tell'],
  "n8n-database-row": [ORDERS_N8N],
  "n8n-download": [ORDERS_N8N],
  "n8n-empty-connections": ['n8n-empty-connections "One": Start; '],
  "n8n-execution": [ORDERS_N8N],
  "n8n-export-all": [ORDERS_N8N, REFUNDS_N8N, REFUNDS_N8N.replace("wf2", "wf2 (2)")],
  "n8n-history": ['n8n-history "n8n-history": Start, Tell; Start -[0]> Tell'],
  "n8n-public-api": [ORDERS_N8N],
  "n8n-rest": [ORDERS_N8N],
  "n8n-template": ['1750 "Tell people": Start, Tell; Start -[0]> Tell'],
  "n8n-template-import": ['1750 "Tell people": Start, Tell; Start -[0]> Tell'],
  "n8n-workflows": [ORDERS_N8N, REFUNDS_N8N],
  "n8n-wrapped": [ORDERS_N8N],
  "react-flow": [orders("react-flow")],
  "react-flow-canvas": [orders("f1")],
  "react-flow-columns": [orders("f1")],
  "react-flow-data": [orders("react-flow-data")],
  "react-flow-definition": [orders("f1", "Orders")],
  "react-flow-elements": [orders("react-flow-elements")],
  "react-flow-flow": [orders("f1", "Orders")],
  "react-flow-graph": [orders("react-flow-graph")],
  "react-flow-many": [orders("f1", "One"), 'f2 "Two": begin, pay; begin -> pay'],
  "react-flow-react-flow": [orders("react-flow-react-flow", "Orders")],
  "react-flow-rpc": [orders("f1", "Orders")],
  "react-flow-text": [orders("f1", "Orders")],
  "react-flow-text-of-text": [orders("react-flow-text-of-text")],
  "react-flow-twice": [orders("f1", "Orders")],
  rows: [ORDERS_ROWS],
  "rows-beside": [ORDERS_ROWS],
  "rows-list": [ORDERS_ROWS, 'w3 "Single": n9; '],
  "rows-query": [ORDERS_ROWS],
  "rows-text": ['7 "Orders": 1, 2; 1 -[0]> 2'],
  "waymark-definition": [orders("f1", "Orders")],
};

const parse = async (name: string) =>
  parseWorkflows(JSON.parse(await readFile(`${FOLDER}${name}.json`, "utf8")) as unknown, name);

describe("a file in the shape of a builder", () => {
  it("has a test here for every fixture", async () => {
    const files = await readdir(FOLDER);
    expect(files.map((file) => file.replace(/\.json$/, "")).sort()).toEqual(Object.keys(shapes).sort());
  });

  it.each(Object.entries(shapes))("%s is read", async (name, expected) => {
    expect((await parse(name)).map(summary)).toEqual(expected);
  });

  it("keeps the fields of nodes of a Waymark definition", async () => {
    const [loaded] = await parse("waymark-definition");
    expect(loaded?.workflow.nodes[1]).toEqual({
      id: "tell",
      type: "mail",
      name: "Tell people",
      retry: { maxAttempts: 4 },
      timeoutMs: 900,
    });
  });

  it("reads the data of a row that is text", async () => {
    const [loaded] = await parse("rows-text");
    expect(loaded?.workflow.nodes[0]?.data).toEqual({ url: "https://shop.example" });
  });

  it("reports items that are not workflows", async () => {
    const [first] = await parse("rows-list");
    expect(first?.dropped).toEqual(["workflows without nodes, left out: 1"]);
    const [loaded] = parseWorkflows([null, canvas([["a", "x"]]), { id: 7 }], "list");
    expect(loaded?.dropped).toEqual(["list items that are not workflows, left out: 2"]);
  });
});

describe("a file in any other shape", () => {
  it.each([
    ["a number", 7, "a number"],
    ["an empty list", [], "an empty list"],
    ["a list of other things", [{ a: 1 }], 'a list of 1 that begins with an object with "a"'],
    ["an object", { blocks: {}, wires: [] }, 'an object with "blocks", "wires"'],
    ["nodes by name", { nodes: { a: {} }, edges: [] }, '"nodes" is no list (object)'],
    ["text that breaks off", { nodes: "[{", edges: "[]" }, '"nodes" is no list (string)'],
    ["other connections", { nodes: [{ id: "a" }], connections: [{ a: 1 }] }, 'has no "fromNodeId"'],
    ["a name with control characters", { "\u001b[31m\n": 1 }, '"\\u001b[31m\\u000a"'],
  ])("refuses %s, and describes it", (_, value, says) => {
    expect(() => parseWorkflows(value, "file")).toThrow(expect.objectContaining({ code: "WORKFLOW_INVALID" }));
    expect(() => parseWorkflows(value, "file")).toThrow(says);
  });
});

describe("compare, with a file of several workflows", () => {
  const files = {
    "several.json": {
      workflows: [
        { id: "one", name: "First", ...canvas([["a", "transform", { expression: "1" }]]) },
        { id: "two", name: "Second", ...canvas([["b", "teleport"]]) },
        { id: "two", name: "Third", ...canvas([["c", "transform", { expression: "1" }]]), edges: [{ id: "e" }] },
      ],
    },
  };
  const compare = async (...args: string[]) => {
    await using folder = await folderWith(files);
    return await runCli(["compare", "several.json", "--json", ...args], { cwd: folder.path });
  };

  it("compares the workflows of --workflow, by id or name, and reports pass-through nodes", async () => {
    const { code, report } = await compare("--workflow", "one", "Second");
    expect(code).toBe(0);
    expect(report().workflows.map(({ id, ok }) => [id, ok])).toEqual([
      ["one", true],
      ["two", true],
    ]);
    expect(report().workflows[1]?.notes.join()).toContain("teleport");
  });

  it("names the workflow that cannot be read", async () => {
    const { code, stderr } = await compare();
    expect(code).toBe(2);
    expect(stderr).toMatch(/error WORKFLOW_INVALID: several\.json: workflow "two \(2\)": .*edge "e"/);
  });
});
