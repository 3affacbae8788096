import { describe, expect, it } from "vitest";
import { canvas, folderWith, runCli } from "./run-cli.ts";

/** A typical old executor: one context passes through all nodes in a row. */
const oldExecutor = (ending: string) => `
  exports.createWorkflowExecutor = ({ workflows, executors }) => ({
    async executeWorkflowSync({ workflowId, userId, initialData }) {
      const workflow = workflows.find(({ id }) => id === workflowId);
      let context = initialData;
      try {
        for (const node of workflow.nodes) context = await executors[node.type]({ context, node, userId });
        ${ending}
      } catch (error) {
        return { success: false, error };
      }
    },
  });
`;

/** Typical old nodes: they change the context that they receive. */
const ownNodes = `
  export const executors = {
    "acme.charge": async ({ context }) => {
      context.order.paid = true;
      return context;
    },
    "acme.label": ({ context, node }) => {
      context.labels = [...(context.labels ?? []), node.data.label];
      return context;
    },
  };
`;

const flow = canvas([
  ["one", "acme.label", { label: "first" }],
  ["pay", "acme.charge"],
  ["two", "acme.label", { label: "second" }],
  ["sum", "transform", { expression: "$count(labels)", as: "count" }],
]);

const files = { "flow.json": flow, "input.json": { order: { id: 1 } }, "nodes.mjs": ownNodes };
const args = ["compare", "flow.json", "--input", "input.json", "--executors", "nodes.mjs"];

describe("compare, with the user's old executor and nodes", () => {
  it("uses the executor as V1, and runs the same nodes with V2", async () => {
    await using folder = await folderWith({
      ...files,
      "old.cjs": oldExecutor("return { success: true, output: context };"),
    });
    const { code, report } = await runCli([...args, "--v1", "./old.cjs", "--json"], { cwd: folder.path });
    const [workflow] = report().workflows;
    expect(workflow?.difference).toBeUndefined();
    expect(code).toBe(0);
    expect(workflow).toMatchObject({ nodes: { run: 4 }, interruptions: [{ v1: { completed: { nodes: 2 } } }] });
  });

  it("assigns requests without a node to the node that ran when they arrived", async () => {
    const nodes = `
      const post = (path, headers = {}) => fetch(process.env.PLAYGROUND_URL + path, { method: "POST", headers });
      export const executors = {
        "acme.mail": async ({ context, node }) => { await post("/mail/" + node.id); return context; },
        "acme.pay": async ({ context, node, idempotencyKey }) => {
          await post("/pay/" + node.id, { "idempotency-key": idempotencyKey });
          return context;
        },
      };`;
    const row = canvas([
      ["a", "acme.mail"],
      ["b", "acme.mail"],
      ["c", "acme.pay"],
      ["d", "acme.mail"],
    ]);
    await using folder = await folderWith({ "flow.json": row, "nodes.mjs": nodes });
    const args = ["compare", "flow.json", "--executors", "nodes.mjs", "--fail-at", "c", "--json"];
    const { code, report } = await runCli(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]).toMatchObject({
      sideEffects: 4,
      interruptions: [
        {
          v1: { completed: { nodes: 2, effects: 2 }, interrupted: { nodes: 1, effects: 1 } },
          v2: { completed: { nodes: 0, effects: 0 }, interrupted: { nodes: 1, requests: 1, effects: 0 } },
        },
      ],
    });
  });

  it("accepts an old executor that exports only executeWorkflowSync", async () => {
    const old = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      let context = initialData;
      for (const node of workflow.nodes) context = await executors[node.type]({ context, node });
      return { success: true, output: context };
    }`;
    await using folder = await folderWith({ ...files, "old.mjs": old });
    const { code } = await runCli([...args, "--v1", "old.mjs", "--json"], { cwd: folder.path });
    expect(code).toBe(0);
  });

  it("exits with 1 and prints a readable difference if the old executor returns another output", async () => {
    const wrong = "context.order.paid = 'perhaps'; return { success: true, output: context };";
    await using folder = await folderWith({ ...files, "old.cjs": oldExecutor(wrong) });
    const { code, stdout } = await runCli([...args, "--v1", "old.cjs"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toContain("NOT OK");
    expect(stdout).toMatch(/- V1/);
    expect(stdout).toMatch(/-\s+"paid": "perhaps"/);
    expect(stdout).toMatch(/\+\s+"paid": true/);
    expect(stdout).not.toContain('"first"');
  });

  it("lets it change its workflow and input without an effect on V2 and on the next run", async () => {
    const ending = `
      workflow.nodes.push({ id: "more", type: "acme.label", data: {} });
      workflow.nodes[0].data.label = "changed";
      workflow.edges.length = 0;
      initialData.order = { id: 2 };
      return { success: true, output: { ...context, order: { id: 1, paid: true } } };`;
    await using folder = await folderWith({ ...files, "old.cjs": oldExecutor(ending) });
    const { code, report } = await runCli([...args, "--v1", "old.cjs", "--json"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]).toMatchObject({ outputsEqual: true, varying: [], nodes: { total: 4, run: 4 } });
  });

  it("waits for the next attempt of a node before it resumes a run whose budget was spent", async () => {
    const old = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      let context = initialData;
      for (const node of workflow.nodes) {
        const run = (attempt) => executors[node.type]({ context, node, attempt });
        context = await run(1).catch(() => run(2));
      }
      return { success: true, output: context };
    }`;
    const nodes = `export const executors = {
      "acme.flaky": async ({ context, node, attempt }) => {
        if (attempt === 1) throw new Error("not yet");
        return { ...context, [node.id]: true };
      },
    };`;
    const [first, second] = canvas([
      ["a", "acme.flaky"],
      ["b", "acme.flaky"],
    ]).nodes.map((node) => ({ ...node, retry: { maxAttempts: 2, backoffMs: 300 } }));
    const flaky = {
      nodes: [first, second],
      edges: [{ source: "a", target: "b" }],
      playground: { interruption: { budgetMs: 100 } },
    };
    await using folder = await folderWith({ "flow.json": flaky, "nodes.mjs": nodes, "old.mjs": old });
    const modules = ["--executors", "nodes.mjs", "--v1", "old.mjs"];
    const { report } = await runCli(["compare", "flow.json", ...modules, "--json"], { cwd: folder.path });
    const budget = report().workflows[0]?.interruptions.find(({ kind }) => kind === "budgetMs");
    expect(budget?.v2).toMatchObject({ finished: true, outputEqual: true, completed: { nodes: 0 } });
  });

  it("does not use the output of a V1 that continues after a failed node as an undisturbed one", async () => {
    const old = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      let context = initialData;
      for (const node of workflow.nodes) {
        const before = structuredClone(context);
        try {
          context = { ...(await executors[node.type]({ context, node })) };
        } catch {
          context = before;
        }
      }
      return { success: true, output: { ...context, labels: [...context.labels, "wrong"].slice(0, 3) } };
    }`;
    await using folder = await folderWith({ ...files, "old.mjs": old });
    const failing = [...args, "--v1", "old.mjs", "--fail-at", "two", "--json"];
    const { code, report } = await runCli(failing, { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]).toMatchObject({
      outputsEqual: false,
      varying: [],
      interruptions: [{ v1: { runs: 1, finished: true, outputEqual: false } }],
    });
  });

  it("exits with 2 if it throws in a timer, also after all runs have ended", async () => {
    const ending = "setTimeout(() => { throw new Error('too late'); }, 1); return { success: true, output: context };";
    await using folder = await folderWith({ ...files, "old.cjs": oldExecutor(ending) });
    const { code, stderr, stdout } = await runCli([...args, "--v1", "old.cjs"], { cwd: folder.path });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("A module of yours threw an uncaught error: too late.");
  });

  it("exits with 1 if the old executor fails, and prints the error", async () => {
    await using folder = await folderWith({ ...files, "old.cjs": oldExecutor("throw new Error('out of memory');") });
    const { code, report } = await runCli([...args, "--v1", "old.cjs", "--json"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]).toMatchObject({ outputsEqual: false, difference: "V1 failed: out of memory" });
  });

  it("names the node that writes to its context with --context-mode frozen", async () => {
    await using folder = await folderWith(files);
    const { code, report } = await runCli([...args, "--context-mode", "frozen", "--json"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]?.difference).toMatch(/V2 failed: .*"(one|pay)"/);
  });
});
