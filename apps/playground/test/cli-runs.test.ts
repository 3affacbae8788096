import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canvas, folderWith, folderWithPGlite, runCli } from "./run-cli.ts";

/** Nodes that write to a file that they have run, and for which user. */
const nodes = `
  import { appendFileSync } from "node:fs";
  export const executors = {
    "acme.step": async ({ context, node, userId }) => {
      appendFileSync("ran.txt", node.id + " " + userId + "\\n");
      return { ...context, [node.id]: true };
    },
  };`;

const flow = canvas([
  ["a", "acme.step"],
  ["b", "acme.step"],
  ["c", "acme.step"],
]);

const files = { "flow.json": flow, "nodes.mjs": nodes };
const own = ["compare", "flow.json", "--executors", "nodes.mjs", "--json"];

/** Counts the runs of each node. */
async function ran(folder: string): Promise<Record<string, number>> {
  const lines = (await readFile(join(folder, "ran.txt"), "utf8")).trim().split("\n");
  return Object.fromEntries(
    Object.entries(Object.groupBy(lines, (line) => line.split(" ")[0] as string)).map(([id, all = []]) => [
      id,
      all.length,
    ]),
  );
}

describe("compare, with the user's nodes", () => {
  it("runs each node in one undisturbed and one interrupted run per executor, and announces it", async () => {
    await using folder = await folderWith(files);
    const { code, stderr, report } = await runCli(own, { cwd: folder.path });
    expect(code).toBe(0);
    // V1 starts over after the interruption at b, V2 resumes there.
    expect(await ran(folder.path)).toEqual({ a: 5, b: 6, c: 4 });
    expect(report().workflows[0]).toMatchObject({ maxRuns: { v1: 3, v2: 3 }, time: { runs: 1 } });
    expect(stderr.split("\n")[0]).toMatch(
      /^flow: each node runs up to 6 times \(V1 3, V2 3,.*effects are real.*--once/,
    );
  });

  it("runs each node twice with --once", async () => {
    await using folder = await folderWith(files);
    const { code, stderr, report } = await runCli([...own, "--once"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(await ran(folder.path)).toEqual({ a: 2, b: 2, c: 2 });
    expect(report().workflows[0]).toMatchObject({ maxRuns: { v1: 1, v2: 1 }, interruptions: [] });
    expect(stderr).toContain("each node runs up to 2 times");
  });

  it("does not repeat a V1 that completed in spite of the interruption", async () => {
    const stubborn = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      let context = initialData;
      for (const node of workflow.nodes) {
        const given = context;
        context = await executors[node.type]({ context, node }).catch(() => ({ ...given, [node.id]: true }));
      }
      return { success: true, output: context };
    }`;
    await using folder = await folderWith({ ...files, "v1.mjs": stubborn });
    const { code, report } = await runCli([...own, "--v1", "v1.mjs"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(await ran(folder.path)).toEqual({ a: 4, b: 5, c: 4 });
    expect(report().workflows[0]?.interruptions).toMatchObject([{ v1: { runs: 1, finished: true } }]);
  });

  it("runs each node up to nine times more per executor with --bench", async () => {
    await using folder = await folderWith(files);
    const { code, report } = await runCli([...own, "--once", "--bench"], { cwd: folder.path });
    const [workflow] = report().workflows;
    expect({ code, maxRuns: workflow?.maxRuns }).toEqual({ code: 0, maxRuns: { v1: 10, v2: 10 } });
    expect(workflow?.time.addedMsPerNode).toBeTypeOf("number");
    const { a = 0 } = await ran(folder.path);
    expect(a).toBe(2 + 2 * (workflow?.time.runs ?? 0));
  });

  it("kills no process without --kill, also with --fail-at", async () => {
    await using folder = await folderWithPGlite(["compare"], files);
    const store = ["--fail-at", "b", "--store", "pglite"];
    const { code, report } = await runCli([...own, ...store], { cwd: folder.path });
    expect(code).toBe(0);
    expect(await ran(folder.path)).toEqual({ a: 5, b: 6, c: 4 });
    expect(report().workflows[0]?.notes).toEqual([expect.stringContaining("--kill")]);
  });

  it("runs nodes for the user of --user-id, with both executors", async () => {
    await using folder = await folderWith(files);
    await runCli([...own, "--once", "--user-id", "ida"], { cwd: folder.path });
    const lines = (await readFile(join(folder.path, "ran.txt"), "utf8")).trim().split("\n");
    expect(lines.toSorted()).toEqual(["a ida", "a ida", "b ida", "b ida", "c ida", "c ida"]);
  });
});

describe("compare, with a V1 that runs nodes from its own registry", () => {
  /** An old executor that uses its own registry for the named nodes. */
  const v1 = (byItself: string[]) => `
    const registry = { "acme.step": async ({ context, node }) => ({ ...context, [node.id]: true }) };
    exports.createWorkflowExecutor = ({ workflows, executors }) => ({
      async executeWorkflowSync({ initialData }) {
        let context = initialData;
        for (const node of workflows[0].nodes) {
          const table = ${JSON.stringify(byItself)}.includes(node.id) ? registry : executors;
          try {
            context = await table[node.type]({ context, node });
          } catch (error) {
            return { success: false, error };
          }
        }
        return { success: true, output: context };
      },
    });`;

  it("fails and interrupts nothing if V1 runs all nodes so", async () => {
    await using folder = await folderWith({ ...files, "v1.cjs": v1(["a", "b", "c"]) });
    const args = [...own.filter((arg) => arg !== "--json"), "--v1", "v1.cjs"];
    const { code, stdout } = await runCli(args, { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toContain(
      "your V1 called no executor that it received, and exports no recorder: nothing was counted",
    );
    expect(stdout).toMatch(/\nNOT OK\n$/);
    // Only V2 calls these.
    expect(await ran(folder.path)).toEqual({ a: 1, b: 1, c: 1 });
  });

  it("interrupts another node, and names the nodes that it did not see", async () => {
    await using folder = await folderWith({ ...files, "v1.cjs": v1(["b", "c"]) });
    const { code, report } = await runCli([...own, "--v1", "v1.cjs"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]).toMatchObject({
      interruptions: [{ kind: "failure", node: { id: "a" }, v1: { runs: 2 } }],
      notes: ['V1 ran these nodes without the executors that it received, or not at all: "b", "c"'],
    });
  });

  it("counts and interrupts all nodes if V1 exports the recorder that wraps them", async () => {
    const migration = JSON.stringify(import.meta.resolve("@waymark/core/migration"));
    const byRecorder = `
      import { appendFileSync } from "node:fs";
      import { createRecorder } from ${migration};
      export const recorder = createRecorder();
      const registry = {
        "acme.step": async ({ context, nodeId }) => {
          appendFileSync("ran.txt", nodeId + " v1\\n");
          context[nodeId] = true;
          return context;
        },
      };
      const getExecutor = (type) => recorder.wrap(type, registry[type]);
      export async function executeWorkflowSync({ workflow, initialData }) {
        let context = initialData;
        for (const { id: nodeId, type } of workflow.nodes) context = await getExecutor(type)({ context, nodeId });
        return { success: true, output: context };
      }`;
    await using folder = await folderWith({ ...files, "v1.mjs": byRecorder });
    const { code, report } = await runCli([...own, "--v1", "v1.mjs"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]).toMatchObject({
      problems: [],
      interruptions: [{ kind: "failure", node: { id: "b" }, v1: { runs: 2, completed: { nodes: 1 } } }],
    });
    // Each executor: an undisturbed run, one that is interrupted at b, and the next one.
    expect(await ran(folder.path)).toEqual({ a: 5, b: 6, c: 4 });
  });

  it("also names them if their outputs differ", async () => {
    const other = v1(["a", "b", "c"]).replace("[node.id]: true", "[node.id]: false");
    await using folder = await folderWith({ ...files, "v1.cjs": other });
    const { code, report } = await runCli([...own, "--v1", "v1.cjs"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(report().workflows[0]).toMatchObject({
      outputsEqual: false,
      problems: [expect.stringContaining("called no executor")],
    });
  });
});
