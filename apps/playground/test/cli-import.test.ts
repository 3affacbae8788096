import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { folderWith, runCli } from "./run-cli.ts";

const output = {
  checkpoints: [
    { nodeId: "a", nodeName: "http", stepNumber: 1, context: { a: 1 }, timestamp: "2026-01-01T00:00:00.000Z" },
  ],
  currentContext: { a: 1 },
  currentStep: 1,
  totalSteps: 2,
};
const ROWS = [
  {
    id: 1,
    workflow_id: "w",
    user_id: "u",
    status: "RUNNING",
    output,
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: 0,
  },
  { id: "2", workflowId: "w", userId: "u", status: "completed", output: JSON.stringify({ ...output, currentStep: 2 }) },
  { id: "3", workflowId: "w", userId: "u", status: "failed", output: null },
  { id: "2", workflowId: "w", userId: "u", status: "completed", output: { ...output, currentStep: 2 } },
];
const BAD = [
  { id: "4", workflowId: "w", userId: "u", status: "shipped\u001b[31m", output },
  { id: "5", workflowId: "w", userId: "u", status: "failed", output: "{" },
];
const CHANGED = { id: "3", workflowId: "w", userId: "u", status: "completed", output };
const files = {
  "rows.json": ROWS,
  "rows.ndjson": [...ROWS, ...BAD]
    .map((row) => JSON.stringify(row))
    .join("\n")
    .concat("\n{broken\n7\n"),
  "changed.json": [...ROWS, CHANGED],
  "bare.json": [{ id: "1", output }],
};

describe("playground import", () => {
  it("imports an array of rows, and skips them the second time", async () => {
    await using folder = await folderWith(files);
    const first = await runCli(["import", "rows.json", "--json"], { cwd: folder.path });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(JSON.parse(first.stdout)).toEqual({
      read: 4,
      imported: 3,
      outcomes: { completed: 1, failed: 1, cancelled: 0, unfinished: 1 },
      withoutOutput: 1,
      replaced: 0,
      skipped: 0,
      duplicates: 1,
      refused: 0,
      dryRun: false,
      aborted: false,
      refusals: [],
    });
    const second = await runCli(["import", "rows.json"], { cwd: folder.path });
    expect(second.code).toBe(0);
    expect(second.stdout).toMatch(/^imported +0$/m);
    expect(second.stdout).toMatch(/^there already +3$/m);
  });

  it("leaves out broken rows of a file of lines, names them, and exits with 1", async () => {
    await using folder = await folderWith(files);
    const { code, stdout } = await runCli(["import", "rows.ndjson", "--store", "memory"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^imported +3 {2}1 completed, 1 failed, 0 cancelled, 1 unfinished$/m);
    expect(stdout).toMatch(/^row 5 \(4\): INVALID_ARGUMENT .*shipped/m);
    expect(stdout).toMatch(/^row 6 \(5\): INVALID_ARGUMENT .*not JSON/m);
    expect(stdout).toMatch(/^row 7: INVALID_ARGUMENT .*not JSON/m);
    expect(stdout).toMatch(/^row 8: INVALID_ARGUMENT .*not an object/m);
    expect(stdout).not.toContain("\u001b");
  });

  it("refuses a row whose id came before with other content", async () => {
    await using folder = await folderWith(files);
    const { code, stdout } = await runCli(["import", "changed.json", "--store", "memory"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^imported +3 /m);
    expect(stdout).toMatch(/^row 5 \(3\): EXECUTION_ALREADY_EXISTS /m);
  });

  it("writes nothing in a dry run", async () => {
    await using folder = await folderWith(files);
    const dry = await runCli(["import", "rows.json", "--dry-run"], { cwd: folder.path });
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/^to import +3 /m)]);
    expect(dry.stdout).toContain("Nothing was written");
    const { stdout } = await runCli(["import", "rows.json"], { cwd: folder.path });
    expect(stdout).toMatch(/^imported +3 /m);
    expect(await readdir(folder.path)).toContain(".waymark");
  });

  it("takes the workflow and the user from the options if the rows name none", async () => {
    await using folder = await folderWith(files);
    const args = ["import", "bare.json", "--store", "memory"];
    expect((await runCli(args, { cwd: folder.path })).code).toBe(1);
    expect((await runCli([...args, "-w", "w", "--user-id", "u"], { cwd: folder.path })).code).toBe(0);
  });

  it.each([
    ["a missing file", ["none.json"], /^error INVALID_ARGUMENT: none\.json: no such file\.$/],
    ["a folder", ["."], /^error INVALID_ARGUMENT: /],
    ["no file", [], /^error INVALID_ARGUMENT: .*file/],
    ["an unknown option", ["rows.json", "--wat"], /^error INVALID_ARGUMENT: .*--wat/],
    ["a server without an address", ["rows.json", "--store", "redis"], /^error INVALID_ARGUMENT: .*--url/],
  ])("exits with 2 for %s", async (_, args, says) => {
    await using folder = await folderWith(files);
    const { code, stdout, stderr } = await runCli(["import", ...args], { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(says);
  });
});
