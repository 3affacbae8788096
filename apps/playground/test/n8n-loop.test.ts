import { createWorkflowEngine, type NodeExecutor } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { importN8n } from "../src/import/n8n.ts";
import { n8nExport } from "./n8n-export.ts";

const type = "n8n-nodes-base.splitInBatches";
const items = (...ids: number[]) => ids.map((id) => ({ json: { id } }));

/** Runs a loop over the pinned items. "Work" returns each item's double. Returns the output, and the nodes that ran. */
async function runLoop(
  { version, loop, done }: { version: number; loop: number; done?: number },
  { parameters = {}, pinned }: { parameters?: Record<string, unknown>; pinned?: unknown },
) {
  const value = n8nExport(
    ["Start", { name: "Each", type, parameters }, "Work", ...(done === undefined ? [] : ["End"])],
    [
      ["Start", 0, "Each"],
      ["Each", loop, "Work"],
      ["Work", 0, "Each"],
      ...(done === undefined ? [] : [["Each", done, "End"] as const]),
    ].map(([from, output, to]) => [from as string, output as number, to as string]),
  );
  const nodes = value.nodes.map((node) => ({ ...node, typeVersion: version }));
  const pinData = pinned === undefined ? {} : { Start: pinned };
  const { workflow } = importN8n({ ...value, nodes, pinData }, { fallbackId: "file" });
  const ran: string[] = [];
  const bundled: Record<string, NodeExecutor> = {};
  const { executors } = resolveExecutors({ workflow, format: "n8n" }, { bundled });
  const noting = Object.entries(executors).map(([name, executor]): [string, NodeExecutor] => [
    name,
    (args) => {
      ran.push(`${args.node.id}${args.visit}`);
      const given = args.context.Each as { json: { id: number } }[];
      if (args.node.id !== "Work" || pinned === undefined) return executor(args);
      return { ...args.context, Work: given.map(({ json }) => ({ json: { id: json.id * 2 } })) };
    },
  ]);
  const store = new MemoryCheckpointStore();
  const { executeWorkflow } = createWorkflowEngine({
    store,
    workflows: [workflow],
    executors: Object.fromEntries(noting),
  });
  const { output, status } = await executeWorkflow({ workflowId: "file", userId: "u" });
  return { output: output as Record<string, unknown>, status, ran: ran.join(" ") };
}

describe("Loop Over Items", () => {
  it.each([
    [2, { loop: 0, done: 1 }],
    [3, { loop: 1, done: 0 }],
  ])("of version %i handles batch after batch, and continues with all results", async (version, outputs) => {
    const { output, ran } = await runLoop(
      { version, ...outputs },
      { parameters: { batchSize: 2 }, pinned: items(1, 2, 3) },
    );
    expect(ran).toBe("Start1 Each1 Work1 Each2 Work2 Each3 End1");
    expect(output).toMatchObject({ Each: items(2, 4, 6) });
    expect(Object.keys(output).sort()).toEqual(["Each", "End", "Start", "Work"]);
  });

  it("of version 1 ends its branch after the last item", async () => {
    const { ran, status } = await runLoop(
      { version: 1, loop: 0 },
      { parameters: { batchSize: 1 }, pinned: items(1, 2) },
    );
    expect([status, ran]).toEqual(["completed", "Start1 Each1 Work1 Each2 Work2 Each3"]);
  });

  it("has n8n's batch size by default: 10 up to version 2, then 1", async () => {
    expect((await runLoop({ version: 2, loop: 0, done: 1 }, { pinned: items(1, 2, 3) })).ran).toContain("Each2 End1");
    expect((await runLoop({ version: 3, loop: 1, done: 0 }, { pinned: items(1, 2, 3) })).ran).toContain("Each4 End1");
  });

  it("continues at once if there are no items", async () => {
    const { ran, output } = await runLoop({ version: 3, loop: 1, done: 0 }, { pinned: [] });
    expect(ran).toBe("Start1 Each1 End1");
    expect(output).toMatchObject({ Each: [] });
  });

  it("has three rounds over what a node without an executor made", async () => {
    const { ran } = await runLoop({ version: 3, loop: 1, done: 0 }, { parameters: { batchSize: 5 } });
    expect(ran).toBe("Start1 Each1 Work1 Each2 Work2 Each3 Work3 Each4 End1");
  });
});
