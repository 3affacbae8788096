import { createWorkflowEngine } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { importN8n } from "../src/import/n8n.ts";
import { parseWorkflows } from "../src/import/workflow-file.ts";
import { n8nExport } from "./n8n-export.ts";

const type = "n8n-nodes-base.wait";
const exported = (parameters: Record<string, unknown>, version = 1.1) => {
  const value = n8nExport(
    ["Start", { name: "W", type, parameters }, "End"],
    [
      ["Start", 0, "W"],
      ["W", 0, "End"],
    ],
  );
  return { ...value, nodes: value.nodes.map((node) => ({ ...node, typeVersion: version })) };
};
const read = (parameters: Record<string, unknown>, version?: number) => {
  const { workflow, dropped } = importN8n(exported(parameters, version), { fallbackId: "file" });
  return { wait: workflow.nodes[1]?.data?.wait, dropped };
};

describe("the parameters of a Wait node", () => {
  it.each<[Record<string, unknown>, number, unknown]>([
    [{}, 1, { forMs: 3_600_000 }],
    [{}, 1.1, { forMs: 5_000 }],
    [{ amount: 45 }, 1.1, { forMs: 45_000 }],
    [{ amount: 2, unit: "days" }, 1, { forMs: 172_800_000 }],
    [{ amount: 0.5, unit: "minutes" }, 1.1, { forMs: 30_000 }],
    [{ resume: "specificTime", dateTime: "2031-05-01T08:00:00+02:00" }, 1.1, { until: "2031-05-01T06:00:00.000Z" }],
    [{ resume: "webhook" }, 1.1, { reason: "a call of its webhook" }],
    [{ resume: "form", limitWaitTime: true }, 1.1, { reason: "its form", forMs: 3_600_000 }],
    [
      { resume: "webhook", limitWaitTime: true, limitType: "atSpecifiedTime", maxDateAndTime: "2031-05-01T06:00:00Z" },
      1.1,
      { reason: "a call of its webhook", until: "2031-05-01T06:00:00.000Z" },
    ],
  ])("%j of version %d become the options of suspend()", (parameters, version, expected) => {
    expect(read(parameters, version)).toEqual({ wait: expected, dropped: [] });
  });

  it.each<[Record<string, unknown>, unknown, RegExp]>([
    [{ amount: "={{ $json.seconds }}" }, {}, /"amount".* left out: "W"/],
    [{ amount: -1 }, {}, /"amount"/],
    [{ amount: 1, unit: "weeks" }, {}, /"amount"/],
    [{ amount: 1e9, unit: "days" }, {}, /"amount"/],
    [{ resume: "specificTime" }, {}, /"dateTime"/],
    [{ resume: "={{ x }}" }, {}, /"resume"/],
    [
      { resume: "webhook", limitWaitTime: true, resumeAmount: "=x" },
      { reason: "a call of its webhook" },
      /"resumeAmount"/,
    ],
    [
      { resume: "specificTime", dateTime: "2031-05-01 08:00" },
      { until: "2031-05-01T08:00:00.000Z" },
      /no time zone.* "W"/,
    ],
  ])("%j are listed as lost", (parameters, expected, says) => {
    const { wait, dropped } = read(parameters);
    expect(wait).toEqual(expected);
    expect(dropped).toEqual([expect.stringMatching(says)]);
  });
});

describe("a Wait node", () => {
  const start = async (parameters: Record<string, unknown>) => {
    const [loaded] = parseWorkflows(exported(parameters), "file");
    const { workflow, answers } = loaded as NonNullable<typeof loaded>;
    const { executors } = resolveExecutors({ workflow, format: "n8n" }, { bundled: {} });
    const engine = createWorkflowEngine({ store: new MemoryCheckpointStore(), workflows: [workflow], executors });
    return { engine, answers, result: await engine.executeWorkflow({ workflowId: "file", userId: "u" }) };
  };

  it("suspends for a time, and then passes on its input", async () => {
    const { engine, result } = await start({ amount: 3, unit: "hours" });
    expect(result).toMatchObject({ status: "suspended", waiting: [{ nodeId: "W", until: expect.any(String) }] });
    const { executionId } = result;
    const { output } = await engine.resumeWorkflow({ executionId, data: null });
    expect(output).toMatchObject({ W: (output as { Start: unknown }).Start });
  });

  it("waits for the call of its webhook, whose token the result has, and returns the answer", async () => {
    const { engine, result, answers } = await start({ resume: "webhook" });
    expect(result).toMatchObject({ status: "suspended", waiting: [{ nodeId: "W", reason: "a call of its webhook" }] });
    expect(answers).toEqual({ W: { answered: "W" } });
    const waitToken = result.status === "suspended" ? (result.waiting?.[0]?.waitToken ?? "") : "";
    await engine.answerWait({ waitToken, data: { from: "outside" } });
    const { output } = await engine.resumeWorkflow({ executionId: result.executionId });
    expect(output).toMatchObject({ W: [{ json: { from: "outside" } }] });
  });

  it("does not wait for no time at all", async () => {
    expect((await start({ amount: 0 })).result.status).toBe("completed");
  });

  it("has no answer if the user has an executor for its type", () => {
    const [loaded] = parseWorkflows(exported({}), "file", { ownTypes: [type] });
    expect(loaded?.answers).toEqual({});
  });
});
