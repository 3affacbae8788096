import { describe, expect, it } from "vitest";
import type { WorkflowReport } from "../src/compare/report.ts";
import { REFUSED_BY_V1 } from "./bundled-for-v1.ts";
import { startMessagesApi } from "./messages-api.ts";
import { type ExportedConnection, n8nExport } from "./n8n-export.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const nothing = { nodes: 0, requests: 0, effects: 0 };

describe("compare, on the bundled workflows", async () => {
  const all = await runCli(["compare", "--json"]);
  const workflow = (id: string) => all.report().workflows.find((one) => one.id === id) as WorkflowReport;

  it("reports equal outputs, and no completed node that V2 repeated", () => {
    const { ok, workflows, store, llm } = all.report();
    expect({ code: all.code, ok, store, llm }).toEqual({
      code: 0,
      ok: true,
      store: "memory",
      llm: "stand-in on loopback",
    });
    expect(workflows.length).toBeGreaterThanOrEqual(6);
    const itself = workflows.filter(({ against }) => against === "itself");
    expect(itself.map(({ id }) => id)).toEqual(REFUSED_BY_V1);
    for (const { outputsEqual, against, nodes, checkpoints, interruptions } of workflows) {
      expect(outputsEqual).toBe(true);
      expect(nodes.run + nodes.skipped).toBe(nodes.total);
      if (against === "V1") expect(checkpoints).toBe(nodes.run);
      expect(interruptions.length).toBeGreaterThan(0);
      for (const { kind, v1, v2 } of interruptions) {
        expect(v2).toMatchObject({ finished: true, outputEqual: true, completed: nothing });
        expect(v2.interrupted.effects).toBe(0);
        if (against === "itself") continue;
        // The number of completed nodes depends on the speed of the machine.
        if (kind === "timeoutMs" || kind === "budgetMs") continue;
        expect(v1?.completed.nodes).toBeGreaterThan(0);
        expect(v1?.completed.nodes).toBe(v1?.completedBefore);
      }
    }
  });

  it("prints only the report to stdout, and one line per workflow to stderr", () => {
    expect(all.stderr.trim().split("\n")).toEqual(
      all.report().workflows.map(({ id }, index, { length }) => `${index + 1}/${length} ${id}`),
    );
  });

  it("runs a loop until its parcel is delivered, with the same effects in every way of running it", () => {
    const { nodes, checkpoints, sideEffects, interruptions } = workflow("shipment-tracking");
    expect({ nodes, checkpoints, sideEffects }).toEqual({
      nodes: { total: 10, run: 9, skipped: 1 },
      // Two before the loop and two after it, five in each of four rounds, but for the last pause.
      checkpoints: 23,
      sideEffects: 6,
    });
    expect(interruptions[0]).toMatchObject({ kind: "every node", v2: { runs: 23, outputEqual: true } });
    expect(interruptions[1]).toMatchObject({
      kind: "failure",
      node: { id: "event" },
      v2: { runs: 2, completedBefore: 4 },
    });
  });

  it("maps a child over a list after an approval, and repeats no node of any child", () => {
    expect(workflow("bulk-refund")).toMatchObject({
      refusal: expect.stringContaining('a node that runs other workflows, "refunds"'),
      nodes: { total: 7, run: 6, skipped: 1 },
      // Two for each of the three lines, and the message to the customer.
      sideEffects: 7,
      interruptions: [{ kind: "every node", v2: { finished: true, outputEqual: true, completed: nothing } }],
    });
  });

  it("takes the error output of the one shop that refuses", () => {
    expect(workflow("price-update")).toMatchObject({
      refusal: expect.stringContaining("error policy"),
      nodes: { total: 10, run: 8, skipped: 2 },
      sideEffects: 4,
    });
  });

  it("counts skipped nodes of branches", () => {
    expect(workflow("order-fulfilment").nodes.skipped).toBeGreaterThan(0);
    expect(workflow("lead-enrichment").nodes.skipped).toBeGreaterThan(0);
  });

  it("reports a rate limit at node 8 of 10: V1 starts over, V2 continues at node 8", () => {
    const { nodes, interruptions } = workflow("campaign-send");
    expect(nodes).toEqual({ total: 10, run: 10, skipped: 0 });
    expect(interruptions).toMatchObject([
      {
        kind: "service",
        node: { id: "sms", position: 8 },
        error: expect.stringContaining("429"),
        v1: { runs: 2, finished: true, completedBefore: 7, completed: { nodes: 7 } },
        v2: { runs: 2, finished: true, completedBefore: 7, interrupted: { nodes: 1, requests: 0, effects: 0 } },
      },
    ]);
    expect(interruptions[0]?.v1?.completed.effects).toBeGreaterThan(20);
  });

  it("reports a run that exceeds its time: V1 never finishes, V2 does, with timeoutMs and with budgetMs", () => {
    const { interruptions } = workflow("monthly-report");
    expect(interruptions.map(({ kind }) => kind)).toEqual(["timeoutMs", "budgetMs"]);
    const [byTimeout, byBudget] = interruptions;
    for (const one of interruptions) expect(one.v1?.finished).toBe(false);
    expect(byTimeout?.error).toContain("timeout");
    expect(byTimeout?.v2.runs).toBe(2);
    expect(byTimeout?.v2.interrupted.nodes).toBeLessThanOrEqual(1);
    expect(byBudget?.v2.runs).toBeGreaterThan(1);
    expect(byBudget?.v2.interrupted).toEqual(nothing);
  });

  it("reports that the services recognize the repeated request of a failing node by its key", () => {
    const [failure] = workflow("catalogue-sync").interruptions;
    expect(failure?.v2.interrupted.requests).toBeGreaterThan(0);
    expect(failure?.v1?.interrupted.effects).toBe(failure?.v2.interrupted.requests);
  });
});

describe("compare, with options", () => {
  it("prints tables of up to 100 columns, without colours if there is no terminal", async () => {
    const { code, stdout } = await runCli(["compare", "--workflow", "lead-enrichment"]);
    expect(code).toBe(0);
    expect(stdout).toContain("lead-enrichment");
    expect(stdout).toMatch(/\nOK\n$/);
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(stdout).not.toContain("\u001b");
  });

  it.each([
    ["mailbox", { id: "mailbox", position: 2 }],
    ["Welcome mail", { id: "welcome", position: 10 }],
    ["3", { id: "chat", position: 3 }],
  ])("lets node %s fail", async (failAt, node) => {
    const { code, report } = await runCli(["compare", "-w", "employee-onboarding", "--fail-at", failAt, "--json"]);
    expect(code).toBe(0);
    expect(report().workflows[0]?.interruptions).toMatchObject([
      { kind: "failure", node, v1: { completed: { nodes: node.position - 1 } }, v2: { completed: nothing } },
    ]);
  });

  it("reads a React Flow canvas with initial data, and an n8n export", async () => {
    const connections: ExportedConnection[] = [
      ["Webhook", 0, "If"],
      ["If", 0, "Mail"],
      ["If", 1, "Wait"],
      ["Mail", 0, "Gone"],
    ];
    await using folder = await folderWith({
      "flow.json": canvas([
        ["double", "transform", { expression: "n * 2", as: "n" }],
        ["mail", "http-request", { method: "POST", url: "/mail/messages", body: { n: "{{n}}" } }],
        ["again", "transform", { expression: "n * 2", as: "n" }],
      ]),
      "input.json": { n: 21 },
      "export.json": n8nExport(["Webhook", "If", "Mail", "Wait"], connections),
    });
    const args = ["compare", "flow.json", "export.json", "--input", "input.json", "--json"];
    const { code, report } = await runCli(args, { cwd: folder.path });
    expect(code).toBe(0);
    const [flow, n8n] = report().workflows;
    expect(flow).toMatchObject({ id: "flow", format: "react-flow", nodes: { run: 3 }, sideEffects: 1 });
    expect(n8n).toMatchObject({ id: "export", format: "n8n", nodes: { total: 4, run: 3, skipped: 1 } });
    expect(n8n?.notes).toEqual([
      'connections with a missing end, left out: "Mail -> Gone (main)"',
      "no executor here, passed through: test.node x4",
    ]);
  });

  it("asks the real API once per question if there is a key, and does not print the key", async () => {
    const answer = ({ system = "" }) => /exactly one of: (\w+)/.exec(system)?.[1] ?? "An answer.";
    await using api = await startMessagesApi({ status: 200, answer });
    const env = { ANTHROPIC_API_KEY: "secret-key", ANTHROPIC_BASE_URL: api.url, ANTHROPIC_MODEL: "some-model" };
    const { code, stdout, stderr, report } = await runCli(["compare", "-w", "support-triage", "--json"], { env });
    expect(code).toBe(0);
    expect(report().llm).toBe(`${new URL(api.url).host}, some-model`);
    expect(api.requests).toHaveLength(3);
    for (const { headers, body } of api.requests) {
      expect(headers["x-api-key"]).toBe("secret-key");
      expect(body).toMatchObject({ model: "some-model" });
    }
    expect(stdout + stderr).not.toContain("secret-key");
  });

  it("does not wait for nodes that never settle, with either executor", async () => {
    await using folder = await folderWith({
      "flow.json": canvas([["stuck", "acme.stuck"]]),
      "nodes.mjs": "export const executors = { 'acme.stuck': () => new Promise(() => setInterval(() => {}, 1000)) };",
    });
    const args = ["compare", "flow.json", "--executors", "nodes.mjs", "--timeout", "0.2", "--json"];
    const { code, report } = await runCli(args, { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]?.difference).toMatch(/^V1 failed: .*timeout.*\nV2 failed: .*timeout/);
  });

  it("leaves out notes, unless the user has an executor for their type", async () => {
    await using folder = await folderWith({
      "flow.json": canvas([
        ["n", "note"],
        ["t", "transform", { expression: "1" }],
      ]),
      "nodes.mjs": "export const executors = { note: ({ context }) => ({ ...context, noted: true }) };",
    });
    const run = async (...more: string[]) =>
      (await runCli(["compare", "flow.json", "--json", ...more], { cwd: folder.path })).report().workflows[0]?.nodes
        .total;
    expect(await run()).toBe(1);
    expect(await run("--executors", "nodes.mjs")).toBe(2);
  });
});
