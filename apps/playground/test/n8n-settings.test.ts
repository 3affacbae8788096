import type { NodeExecutor } from "@waymark/core";
import { createWorkflowEngine, route } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { importN8n } from "../src/import/n8n.ts";
import { parseWorkflows } from "../src/import/workflow-file.ts";
import { type ExportedConnection, type ExportedNode, n8nExport } from "./n8n-export.ts";

const run = (value: unknown) => importN8n(value, { fallbackId: "file" });

/** Imports a trigger, "A" with these settings and "B" in a row, and the nodes of further connections. */
const around = (settings: Record<string, unknown>, connections: ExportedConnection[] = []) => {
  const more = new Set(connections.map(([, , target]) => target));
  const links: ExportedConnection[] = [["Trigger", 0, "A"], ["A", 0, "B"], ...connections];
  return n8nExport([TRIGGER, { name: "A", ...settings }, "B", ...more], links);
};
const TRIGGER: ExportedNode = { name: "Trigger", type: "n8n-nodes-base.manualTrigger" };
const retryOf = (settings: Record<string, unknown>) => run(around(settings)).workflow.nodes[1]?.retry;
const listsA = (what: string) => expect.arrayContaining([expect.stringMatching(new RegExp(`${what}.*: "A"`))]);

describe("n8n's settings for retries", () => {
  it.each([
    [{ retryOnFail: true }, { maxAttempts: 3, backoffMs: 1_000 }, false],
    [{ retryOnFail: true, maxTries: 5, waitBetweenTries: 2_500 }, { maxAttempts: 5, backoffMs: 2_500 }, false],
    [{ retryOnFail: true, maxTries: "4", waitBetweenTries: "0" }, { maxAttempts: 4, backoffMs: 0 }, false],
    [{ retryOnFail: 1, maxTries: 2 }, { maxAttempts: 2, backoffMs: 1_000 }, false],
    [{ retryOnFail: true, maxTries: 50, waitBetweenTries: 60_000 }, { maxAttempts: 5, backoffMs: 5_000 }, true],
    [{ retryOnFail: true, maxTries: 1, waitBetweenTries: -1 }, { maxAttempts: 2, backoffMs: 0 }, true],
    [{ retryOnFail: true, maxTries: "often" }, { maxAttempts: 3, backoffMs: 1_000 }, true],
  ])("%j become a policy", (settings, policy, isListed) => {
    expect(retryOf(settings)).toEqual({ ...policy, backoffFactor: 1 });
    const { dropped } = run(around(settings));
    expect(dropped).toEqual(isListed ? listsA("out of n8n's range") : []);
  });

  it("have no effect while retries are off", () => {
    expect(retryOf({ maxTries: 5 })).toBeUndefined();
    expect(retryOf({ retryOnFail: false, maxTries: 5 })).toBeUndefined();
  });
});

describe("n8n's settings for errors", () => {
  it.each([
    [
      { type: "n8n-nodes-base.splitInBatches", parameters: { options: { reset: "={{ true }}" } } },
      "reset.* is not applied",
    ],
    [{ onError: "sometimes" }, 'unknown "onError" "sometimes"'],
    [{ executeOnce: true }, "executeOnce.* is not applied"],
    [{ alwaysOutputData: true }, "alwaysOutputData.* has no effect"],
  ])("%j is listed as not applied", (settings, says) => {
    expect(run(around(settings)).dropped).toEqual(listsA(says));
  });

  it.each<[Record<string, unknown>, string | undefined]>([
    [{ onError: "continueRegularOutput" }, "continue"],
    [{ continueOnFail: true }, "continue"],
    [{ onError: "continueErrorOutput" }, "route"],
    [{ onError: "continueErrorOutput", continueOnFail: true }, "route"],
    [{ onError: "stopWorkflow", continueOnFail: true }, undefined],
    [{ onError: "continueRegularOutput", disabled: true }, undefined],
  ])("%j become the policy %j", (settings, policy) => {
    const { workflow, dropped } = run(around(settings));
    expect(workflow.nodes[1]?.onError).toBe(policy);
    expect(dropped.filter((line) => line.includes("onError"))).toEqual([]);
  });

  it.each([{ onError: "stopWorkflow" }, { continueOnFail: false }, { executeOnce: false, alwaysOutputData: false }])(
    "%j is not listed, because it is the behaviour here",
    (settings) => expect(run(around(settings)).dropped).toEqual([]),
  );

  it("of the workflow are listed, too", () => {
    const settings = { executionOrder: "v1", errorWorkflow: "wf9", executionTimeout: 60 };
    expect(run({ ...around({}), settings }).dropped).toEqual([
      'the workflow\'s error workflow "wf9" is not applied',
      "the workflow's timeout of 60 s is not applied",
    ]);
  });

  it("of the workflow are listed from a row of n8n's database, too", () => {
    const settings = JSON.stringify({ executionTimeout: "60" });
    const [loaded] = parseWorkflows({ ...around({}), settings }, "file");
    expect(loaded?.dropped).toEqual(["the workflow's timeout of 60 s is not applied"]);
  });
});

describe("the error output", () => {
  const rules = (count: number) => ({ rules: { values: Array(count).fill({}) } });
  it.each([
    ["n8n-nodes-base.httpRequest", {}, 1, true],
    ["n8n-nodes-base.if", {}, 2, true],
    ["n8n-nodes-base.if", {}, 1, false],
    ["n8n-nodes-base.splitInBatches", {}, 1, true],
    ["n8n-nodes-base.compareDatasets", {}, 4, true],
    ["n8n-nodes-base.switch", rules(2), 2, true],
    ["n8n-nodes-base.switch", rules(2), 1, false],
    ["n8n-nodes-base.switch", { ...rules(2), options: { fallbackOutput: "extra" } }, 3, true],
    ["n8n-nodes-base.switch", { rules: { rules: [{}] } }, 4, true],
    ["n8n-nodes-base.switch", { mode: "expression", numberOutputs: 3 }, 3, true],
    ["@n8n/n8n-nodes-langchain.textClassifier", { categories: { categories: [{}, {}] } }, 2, true],
    ["@n8n/n8n-nodes-langchain.sentimentAnalysis", {}, 3, true],
    ["n8n-nodes-odd.unknown", {}, 1, true],
    ["n8n-nodes-odd.unknown", {}, 2, true],
  ])("of %s with %j is the last one", (type, parameters, last, isError) => {
    const value = around({ type, parameters, onError: "continueErrorOutput" }, [["A", last, "C"]]);
    const { nodes, edges } = run(value).workflow;
    expect(nodes[1]?.data?.errorOutput).toBe(isError ? "error" : undefined);
    expect(edges.find(({ target }) => target === "C")?.sourceHandle).toBe(isError ? "error" : String(last));
  });

  it.each<[string, NodeExecutor, string[]]>([
    ["is not taken by an executor that chooses no output", ({ context }) => ({ ...context, a: 1 }), ["B"]],
    ["is taken by an executor that chooses it", ({ context }) => route(context, "error"), ["C"]],
    [
      "is taken if the node fails",
      () => {
        throw new Error("broken");
      },
      ["C"],
    ],
  ])("%s", async (_, own, expected) => {
    const value = around({ type: "own", onError: "continueErrorOutput" }, [["A", 1, "C"]]);
    const { workflow } = run(value);
    const ran: string[] = [];
    const note: NodeExecutor = ({ context, node }) => {
      ran.push(node.id);
      return context;
    };
    const tables = { own: { own, "test.node": note }, bundled: {} };
    const { executors } = resolveExecutors({ workflow, format: "n8n" }, tables);
    const { executeWorkflow } = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [workflow],
      executors,
    });
    expect(await executeWorkflow({ workflowId: "file", userId: "u" })).toMatchObject({ success: true });
    expect(ran).toEqual(expected);
  });
});

describe("a disabled node", () => {
  const ran = (value: unknown) =>
    run(value).workflow.nodes.map(({ id, type }) => (type === "test.node" ? id : `(${id})`));
  const off: ExportedNode = { name: "Off", type: "n8n-nodes-base.scheduleTrigger", disabled: true };

  it("does not start its branch if it is a trigger", () => {
    const value = n8nExport(
      [off, "Charge cards", "Thank", TRIGGER, "Report"],
      [
        ["Off", 0, "Charge cards"],
        ["Charge cards", 0, "Thank"],
        ["Trigger", 0, "Report"],
      ],
    );
    expect(ran(value)).toEqual(["(Trigger)", "Report"]);
    expect(run(value).unused).toHaveLength(2);
    expect(run(value).dropped).toEqual([
      'disabled start nodes, which start nothing: "Off"',
      'left out, because only disabled nodes lead to them: "Charge cards", "Thank"',
    ]);
  });

  it("does not affect nodes that an enabled trigger also leads to", () => {
    const value = n8nExport(
      [off, "Only", "Both", "After", TRIGGER],
      [
        ["Off", 0, "Only"],
        ["Only", 0, "Both"],
        ["Trigger", 0, "Both"],
        ["Both", 0, "After"],
      ],
    );
    expect(ran(value)).toEqual(["Both", "After", "(Trigger)"]);
    expect(run(value).workflow.edges).toHaveLength(2);
  });

  it("at the start of a loop removes the loop", () => {
    const value = n8nExport(
      [off, "A", "B", TRIGGER],
      [
        ["Off", 0, "A"],
        ["A", 0, "B"],
        ["B", 0, "A"],
      ],
    );
    expect(ran(value)).toEqual(["(Trigger)"]);
  });

  it("passes its input to its first output, and nodes behind its other outputs are left out", () => {
    const value = around({ disabled: true, retryOnFail: true }, [
      ["A", 1, "C"],
      ["C", 0, "D"],
    ]);
    const { nodes, edges } = run(value).workflow;
    expect(nodes.map(({ id, disabled, retry }) => [id, disabled, retry])).toEqual([
      ["Trigger", undefined, undefined],
      ["A", true, undefined],
      ["B", undefined, undefined],
    ]);
    // Its only output has no name, so that it is taken whatever its type declares.
    expect(edges.find(({ source }) => source === "A")).not.toHaveProperty("sourceHandle");
    expect(nodes[2]?.data?.inputs).toEqual(["Trigger"]);
    expect(run(value).dropped).toEqual([
      'disabled nodes, which pass on their input: "A"',
      'left out, because only disabled nodes lead to them: "C", "D"',
    ]);
  });

  it("is left out of the node that it is plugged into", () => {
    const tool = { name: "Tool", disabled: true };
    const value = n8nExport(
      ["A", tool, "Model"],
      [
        ["Tool", 0, "A", 0, "ai_tool"],
        ["Model", 0, "A", 0, "ai_languageModel"],
      ],
    );
    expect(Object.keys(run(value).workflow.nodes[0]?.data?.attached ?? {})).toEqual(["ai_languageModel"]);
    expect(run(value).dropped).toEqual(
      expect.arrayContaining([expect.stringMatching(/disabled parts, .*plugged.*"Tool"/)]),
    );
  });

  it("makes the workflow empty if it is the only start", () => {
    expect(() => run(n8nExport([off, "A"], [["Off", 0, "A"]]))).toThrow(
      expect.objectContaining({ code: "WORKFLOW_EMPTY" }),
    );
  });
});
