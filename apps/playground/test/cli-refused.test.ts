import { describe, expect, it } from "vitest";
import type { WorkflowReport } from "../src/compare/report.ts";
import { type ExportedConnection, n8nExport } from "./n8n-export.ts";
import { folderWith, runCli } from "./run-cli.ts";

const hook = "n8n-nodes-base.webhook";
const row: ExportedConnection[] = [
  ["Hook", 0, "A"],
  ["A", 0, "B"],
];
const refused: [string, unknown, RegExp, Partial<WorkflowReport>][] = [
  [
    "a loop",
    n8nExport(
      [
        { name: "Hook", type: hook },
        { name: "Each", type: "n8n-nodes-base.splitInBatches", typeVersion: 2 },
        "A",
        "End",
      ],
      [
        ["Hook", 0, "Each"],
        ["Each", 0, "A"],
        ["A", 0, "Each"],
        ["Each", 1, "End"],
      ],
    ),
    /has a loop \("Each", "A"\)/,
    { nodes: { total: 4, run: 4, skipped: 0 } },
  ],
  [
    "a disabled node",
    n8nExport([{ name: "Hook", type: hook }, { name: "A", disabled: true }, "B"], row),
    /has a disabled node, "A"/,
    { nodes: { total: 3, run: 2, skipped: 1 }, checkpoints: 2 },
  ],
  [
    "an error policy",
    n8nExport([{ name: "Hook", type: hook }, { name: "A", onError: "continueRegularOutput" }, "B"], row),
    /has a node with an error policy, "A"/,
    { nodes: { total: 3, run: 3, skipped: 0 }, checkpoints: 3 },
  ],
  [
    "a wait",
    n8nExport(
      [{ name: "Hook", type: hook }, { name: "A", type: "n8n-nodes-base.wait", parameters: { resume: "form" } }, "B"],
      row,
    ),
    /cannot suspend a run/,
    { nodes: { total: 3, run: 3, skipped: 0 } },
  ],
];

describe("compare, on a workflow that V1 refuses", () => {
  it.each(refused)("for %s compares V2 with itself, and says why", async (_, flow, why, expected) => {
    await using folder = await folderWith({ "flow.json": flow });
    const { code, report } = await runCli(["compare", "flow.json", "--json"], { cwd: folder.path });
    const [workflow] = report().workflows;
    expect(workflow).toMatchObject({ ok: true, against: "itself", outputsEqual: true, ...expected });
    expect(workflow?.refusal).toMatch(/^V1_UNSUPPORTED: /);
    expect(workflow?.refusal).toMatch(why);
    expect(workflow?.interruptions[0]).toMatchObject({
      kind: "every node",
      v2: { finished: true, outputEqual: true, completed: { nodes: 0 } },
    });
    // One run for each node, and one more for each answer.
    expect(workflow?.interruptions[0]?.v2.runs).toBeGreaterThanOrEqual(workflow?.checkpoints ?? 99);
    expect(workflow?.interruptions.every(({ v1 }) => v1 === undefined)).toBe(true);
    expect(code).toBe(0);
  });

  it("says so in the report for people", async () => {
    await using folder = await folderWith({ "flow.json": refused[0]?.[1] });
    const { stdout } = await runCli(["compare", "flow.json"], { cwd: folder.path });
    const text = stdout.replace(/\s+/g, " ");
    expect(text).toMatch(/V1 refuses this workflow\. V1_UNSUPPORTED: .*has a loop/);
    expect(text).toContain("V2 is compared with itself");
    expect(text).toContain("Outputs equal: 1 of 1. V1 refuses 1 of them");
    expect(stdout).not.toContain("never");
  });

  it("fails if the nodes that run depend on how many run at a time", async () => {
    // The executor takes another branch if its node does not run alone.
    const nodes = `
      import { route } from ${JSON.stringify(import.meta.resolve("@waymark/core"))};
      import { setTimeout as sleep } from "node:timers/promises";
      let running = 0;
      const racing = async ({ context, node }) => {
        running += 1;
        await sleep(50);
        const isAlone = running === 1;
        await sleep(50);
        running -= 1;
        return route({ ...context, [node.id]: 1 }, isAlone ? "0" : "1");
      };
      export const executors = { "acme.racing": racing };`;
    const flow = n8nExport(
      [
        { name: "Hook", type: hook },
        { name: "X", type: "acme.racing", onError: "continueRegularOutput" },
        { name: "Y", type: "acme.racing" },
        "Alone",
        "Together",
      ],
      [
        ["Hook", 0, "X"],
        ["Hook", 0, "Y"],
        ["Y", 0, "Alone"],
        ["Y", 1, "Together"],
      ],
    );
    await using folder = await folderWith({ "flow.json": flow, "nodes.mjs": nodes });
    const args = ["compare", "flow.json", "--executors", "nodes.mjs", "--json"];
    const { code, report } = await runCli(args, { cwd: folder.path });
    const [workflow] = report().workflows;
    expect([code, workflow?.outputsEqual]).toEqual([1, false]);
    expect(workflow?.difference).toContain('- ran with one node at a time only: "Alone"');
    expect(workflow?.difference).toContain('+ ran with 4 nodes at a time only: "Together"');
  });
});

describe("compare, on a workflow with several triggers", () => {
  const flow = n8nExport(
    [{ name: "One", type: hook }, { name: "Two", type: hook }, "A", "B"],
    [
      ["One", 0, "A"],
      ["Two", 0, "B"],
    ],
  );

  it.each([
    [[], "One"],
    [["--start", "Two"], "Two"],
  ])("with %j starts at one of them with both executors", async (flags, start) => {
    await using folder = await folderWith({ "flow.json": flow });
    const { code, report } = await runCli(["compare", "flow.json", "--json", ...flags], { cwd: folder.path });
    const [workflow] = report().workflows;
    expect([code, workflow]).toMatchObject([
      0,
      { against: "V1", outputsEqual: true, nodes: { total: 4, run: 2, skipped: 2 }, checkpoints: 2 },
    ]);
    expect(workflow?.notes).toContain(
      `V1 cannot start at a node (V1_UNSUPPORTED), so it got only what "${start}" leads to`,
    );
  });
});
