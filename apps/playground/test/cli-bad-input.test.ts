import { describe, expect, it } from "vitest";
import { n8nExport } from "./n8n-export.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const good = canvas([["a", "transform", { expression: "1" }]]);
const loop = canvas([
  ["first", "transform", { expression: "1" }],
  ["second", "transform", { expression: "2" }],
]);
loop.edges.push({ id: "back", source: "second", target: "first" });

const files = {
  "good.json": good,
  "row.json": canvas([
    ["a", "transform", { expression: "1" }],
    ["b", "transform", { expression: "1" }],
  ]),
  "broken.json": '{ "nodes": [',
  "list.json": [1, 2],
  "loop.json": loop,
  "n8n-loop.json": n8nExport(
    ["Batch", "Work"],
    [
      ["Batch", 0, "Work"],
      ["Work", 0, "Batch"],
    ],
  ),
  "empty.json": canvas([]),
  "data.json": canvas([["a", "http-request", { method: "FETCH" }]]),
  "twice.json": { ...good, nodes: [...good.nodes, ...good.nodes] },
  "edge.json": { ...good, edges: [{ id: "e", source: "a", target: "nowhere" }] },
  "scenario.json": { ...good, playground: { input: [] } },
  "named\u001b[31m.json": "x",
  "throws.mjs": "throw new Error('no\\nway');",
  "other.mjs": "export const something = 1;",
  "numbers.mjs": "export const executors = { transform: 1 };",
  "map.mjs": "export const executors = new Map([['transform', ({ context }) => context]]);",
  "service.mjs": "class Nodes { transform({ context }) { return context; } } export const executors = new Nodes();",
  "odd.mjs": "export const executeWorkflowSync = async () => 7;",
};

const cases: [string, string[], string, RegExp][] = [
  ["a missing file", ["none.json"], "INVALID_ARGUMENT", /none\.json: no such file/],
  ["broken JSON", ["broken.json"], "WORKFLOW_INVALID", /broken\.json: not JSON/],
  ["other JSON", ["list.json"], "WORKFLOW_INVALID", /React Flow.*n8n/],
  ["a cycle", ["loop.json"], "WORKFLOW_NO_START", /"loop".*no node to start at/],
  ["a loop in an n8n export", ["n8n-loop.json"], "WORKFLOW_NO_START", /"n8n-loop".*no node to start at/],
  ["an empty graph", ["empty.json"], "WORKFLOW_EMPTY", /empty\.json/],
  ["data that does not fit", ["data.json"], "NODE_DATA_INVALID", /"a".*(url|method)/],
  ["an id that repeats", ["twice.json"], "DUPLICATE_NODE_ID", /twice\.json/],
  ["an edge to nowhere", ["edge.json"], "UNKNOWN_EDGE_NODE", /nowhere/],
  ["a scenario of the wrong shape", ["scenario.json"], "WORKFLOW_INVALID", /playground\.input/],
  ["a file name with control characters", ["named\u001b[31m.json"], "WORKFLOW_INVALID", /named\\u001b\[31m/],
  ["one bad file among good ones", ["good.json", "edge.json"], "UNKNOWN_EDGE_NODE", /edge\.json/],
  ["an unknown workflow", ["--workflow", "nope"], "WORKFLOW_NOT_FOUND", /"nope".*order-fulfilment/],
  ["a workflow that no file has", ["good.json", "-w", "order-fulfilment"], "WORKFLOW_NOT_FOUND", /"order-.*"good"/],
  ["--input without a file", ["--input", "good.json"], "INVALID_ARGUMENT", /--input/],
  ["--input that is not an object", ["good.json", "--input", "list.json"], "INVALID_ARGUMENT", /not a JSON object/],
  ["--start without a file", ["--start", "a"], "INVALID_ARGUMENT", /--start/],
  ["--start with a missing node", ["good.json", "--start", "z"], "INVALID_ARGUMENT", /--start: node "z" is not there/],
  ["--start at a node in the middle", ["row.json", "--start", "b"], "INVALID_ARGUMENT", /cannot start at node "b"/],
  ["--fail-at with a missing node", ["good.json", "--fail-at", "z"], "INVALID_ARGUMENT", /no node "z"/],
  ["--fail-at after the last node", ["good.json", "--fail-at", "2"], "INVALID_ARGUMENT", /no node "2".* 1 nodes run/],
  ["--fail-at a skipped node", ["-w", "order-fulfilment", "--fail-at", "fast-track"], "INVALID_ARGUMENT", /skipped/],
  ["a --v1 that is missing", ["good.json", "--v1", "none.mjs"], "INVALID_ARGUMENT", /--v1 none\.mjs: .*no such file/],
  ["a --v1 that throws", ["good.json", "--v1", "throws.mjs"], "INVALID_ARGUMENT", /--v1 throws\.mjs: .*no way/],
  ["a --v1 without the exports", ["good.json", "--v1", "other.mjs"], "INVALID_ARGUMENT", /createWorkflowExecutor/],
  ["a --v1 that returns something else", ["good.json", "--v1", "odd.mjs"], "INVALID_ARGUMENT", /\{ success/],
  ["--executors without executors", ["good.json", "--executors", "other.mjs"], "INVALID_ARGUMENT", /exports no object/],
  [
    "--executors that are not functions",
    ["good.json", "--executors", "numbers.mjs"],
    "INVALID_ARGUMENT",
    /"transform"/,
  ],
  ["--executors that are a Map", ["good.json", "--executors", "map.mjs"], "INVALID_ARGUMENT", /map\.mjs: .*a Map/],
  [
    "--executors that are methods of a class",
    ["good.json", "--executors", "service.mjs"],
    "INVALID_ARGUMENT",
    /service\.mjs: .*a class/,
  ],
  ["an unknown option", ["--wat"], "INVALID_ARGUMENT", /--wat/],
  ["a --timeout that is not a number", ["--timeout", "soon"], "INVALID_ARGUMENT", /--timeout/],
  ["an unknown store", ["--store", "floppy"], "INVALID_ARGUMENT", /floppy/],
];

describe("compare, with input that it cannot use", () => {
  it.each(cases)("%s: prints one line with the code and exits with 2", async (_, args, code, says) => {
    await using folder = await folderWith(files);
    const ended = await runCli(["compare", ...args], { cwd: folder.path });
    const lines = ended.stderr.trimEnd().split("\n");
    const errors = lines.filter((line) => line.startsWith("error "));
    expect(errors).toHaveLength(1);
    expect(lines.at(-1)).toBe(errors[0]);
    expect(errors[0]).toMatch(new RegExp(`^error ${code}: `));
    expect(errors[0]).toMatch(says);
    expect(errors[0]).not.toContain("\u001b");
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: "" });
  });

  it("exits with 2 for an unknown or a missing command, and with 0 for --help", async () => {
    expect((await runCli(["compere"])).code).toBe(2);
    expect((await runCli([])).code).toBe(2);
    const help = await runCli(["compare", "--help"]);
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("createWorkflowExecutor({ workflows, executors })");
  });
});
