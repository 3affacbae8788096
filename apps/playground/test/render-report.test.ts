import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { renderReport } from "../src/cli/render-report.ts";
import { cut, renderTable, wrap } from "../src/cli/table.ts";
import type { ComparisonReport, InterruptionReport, WorkflowReport } from "../src/compare/report.ts";

const recovery = {
  runs: 2,
  finished: true,
  outputEqual: true,
  completedBefore: 1_000,
  completed: { nodes: 1_000, requests: 1_000, effects: 1_000 },
  interrupted: { nodes: 1, requests: 1_000, effects: 1_000 },
};

const interruption = (kind: InterruptionReport["kind"]): InterruptionReport => ({
  kind,
  node: { id: "n", position: 1_000 },
  error: "POST /x answered 429",
  v1: { ...recovery, finished: false, error: "cut off" },
  v2: recovery,
});

/** V1 is not run again. */
const { v1: _, ...recovered } = interruption("recovery");

const workflow = (more: Partial<WorkflowReport>): WorkflowReport => ({
  id: "a workflow with quite a long name, as people give them",
  title: "Title",
  format: "n8n",
  ok: true,
  nodes: { total: 10_000, run: 9_000, skipped: 1_000 },
  outputsEqual: true,
  checkpoints: 9_000,
  varying: [],
  suspects: [],
  sideEffects: 9_000,
  maxRuns: { v1: 3, v2: 3 },
  against: "V1",
  time: { runs: 3, v1Ms: 123_456, v2Ms: 123_456, addedMsPerNode: 123.456 },
  interruptions: [
    interruption("timeoutMs"),
    interruption("budgetMs"),
    interruption("service"),
    interruption("failure"),
    recovered,
  ],
  leftOut: [],
  problems: [],
  notes: ["no executor here, passed through: ".concat("n8n-nodes-base.slack x12, ".repeat(20))],
  ...more,
});

const report = (...workflows: WorkflowReport[]): ComparisonReport => ({
  ok: true,
  store: "memory",
  llm: "l",
  workflows,
});
/** Returns the width of the longest line, without colours. */
const widest = (text: string) => Math.max(...text.split("\n").map((line) => stripVTControlCharacters(line).length));

describe("renderReport", () => {
  it.each([200, 100, 60])("fits a terminal of %i columns, also with large numbers", (columns) => {
    const difference = `- V1\n+ V2\n\n- ${"x".repeat(300)}\n+ y`;
    const text = renderReport(report(workflow({}), workflow({ outputsEqual: false, difference })), {
      isTTY: true,
      columns,
    });
    expect(widest(text)).toBeLessThanOrEqual(columns);
  });

  it("prints tables if they fit, and otherwise lines", () => {
    expect(renderReport(report(workflow({})), {})).toContain("V1, run again ──");
    expect(renderReport(report(workflow({})), { isTTY: true, columns: 0 })).toContain("V1, run again ──");
    const narrow = renderReport(report(workflow({})), { isTTY: true, columns: 60 });
    expect(narrow).not.toContain("──");
    expect(narrow).toContain("V2 resumed: 1000 nodes, 1000 effects, own 1000; run 2");
  });

  it("says that V1 never ends if nobody runs it again", () => {
    const text = renderReport(report(workflow({ interruptions: [recovered] })), {});
    expect(text).toMatch(/recovery at node 10… +- +- +- +never +1000 +1000 +1000 +run 2/);
    expect(text).toContain("recovery: killed while the node ran, and completed by another process");
    const narrow = renderReport(report(workflow({ interruptions: [recovered] })), { isTTY: true, columns: 60 });
    expect(narrow).toContain("recovery at node 1000; done twice:\n    V2 resumed: 1000 nodes");
  });

  it("has colours only on a terminal with colours", () => {
    const screen = { isTTY: true, columns: 100, hasColors: () => true };
    const colored = renderReport(report(workflow({})), screen);
    expect(colored).toContain("\u001b[32m");
    expect(stripVTControlCharacters(colored)).toBe(
      renderReport(report(workflow({})), { ...screen, hasColors: () => false }),
    );
  });

  it("shows omissions, varying and suspect places, and problems", () => {
    const path = "crm.'quoted'.at";
    const text = renderReport(
      report(
        workflow({
          outputsEqual: false,
          difference: "- V1\n+ V2",
          varying: ["order.id"],
          suspects: [{ path, kind: "times" }],
          leftOut: [{ kind: "kill during", node: { id: "n", position: 3 }, reason: "it is too quick" }],
          problems: ["your V1 called none"],
        }),
      ),
      { isTTY: true, columns: 400 },
    );
    expect(text).toContain("they differ between two runs of V1: order.id");
    expect(text).toContain("kill during node 3 left out: it is too quick");
    expect(text).toContain(`--ignore 'crm.'\\''quoted'\\''.at'`);
    expect(text).toMatch(/your V1 called none\./);
  });

  it("shows interruptions from which V2 did not recover", () => {
    const v2 = { ...recovery, finished: false, outputEqual: false, error: "the store was gone" };
    const text = renderReport(report(workflow({ interruptions: [{ ...interruption("failure"), v2 }] })), {});
    expect(text).toContain("V2 after failure: the store was gone");
  });
});

describe("renderTable", () => {
  it("aligns columns and cuts long cells", () => {
    const rows = [
      { name: "short", n: 5 },
      { name: "much too long", n: 1_234 },
    ];
    const columns = [
      { title: "name", cell: (row: { name: string }) => row.name, maxWidth: 6 },
      { title: "n", align: "right" as const, cell: (row: { n: number }) => String(row.n) },
    ];
    expect(renderTable(rows, columns)).toEqual(["name       n", "short      5", "much …  1234"]);
    expect(cut("abc", 3)).toBe("abc");
  });

  it("aligns names of any script by their width on a terminal", () => {
    const names = ["plain", "注文を処理する", "👩‍👩‍👧‍👦 família", "e\u0301te\u0301", "한국어 작업흐름 이름"];
    const columns = [
      { title: "name", cell: (row: string) => row, maxWidth: 12 },
      { title: "n", cell: () => "|" },
    ];
    const lines = renderTable(names, columns);
    const bars = lines.slice(1).map((line) => stringWidth(line.slice(0, line.indexOf("|"))));
    expect(new Set(bars)).toEqual(new Set([14]));
    expect(cut("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3)).toBe("👩‍👩‍👧‍👦…");
  });

  it("wraps text of any script, and splits words that are too long", () => {
    const text = `${"長い言葉".repeat(10)} short ${"x".repeat(25)}`;
    const lines = wrap(text, 20);
    expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(20);
    expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
  });
});
