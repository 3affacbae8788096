import { describe, expect, it } from "vitest";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const nodes = `
  let calls = 0;
  export const executors = {
    "acme.receipt": async ({ context, node }) => ({
      ...context,
      [node.id]: { ok: true, id: crypto.randomUUID(), items: [1, 2].map((n) => ({ n, at: new Date().toISOString() + Math.random() })) },
    }),
    "acme.stamp": async ({ context }) => ({ ...context, "made.at": Date.now() + ++calls }),
    "acme.bag": async ({ context }) => ({ ...context, bag: { [crypto.randomUUID()]: 1 } }),
    "acme.dice": async () => Math.random(),
  };`;

const flow = canvas([
  ["first", "acme.receipt"],
  ["second", "acme.stamp"],
  ["third", "acme.bag"],
]);

/** An old executor whose output is slightly wrong, besides the places that always differ. */
const wrong = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
  let context = initialData;
  try {
    for (const node of workflow.nodes) context = await executors[node.type]({ context, node });
  } catch (error) {
    return { success: false, error };
  }
  return { success: true, output: { ...context, first: { ...context.first, ok: "perhaps" } } };
}`;

const files = { "flow.json": flow, "nodes.mjs": nodes, "wrong.mjs": wrong };
const args = ["compare", "flow.json", "--executors", "nodes.mjs"];
const VARYING = ["first.id", "first.items.*.at", "made\\.at", "bag"];

describe("compare, with outputs that differ in every run", () => {
  it("names the places that differ between two runs of V1, and does not compare them", async () => {
    await using folder = await folderWith(files);
    const { code, report } = await runCli([...args, "--json"], { cwd: folder.path });
    expect(report().workflows[0]).toMatchObject({ outputsEqual: true, varying: VARYING, problems: [] });
    expect(code).toBe(0);
  });

  it("reports only the difference between V1 and V2", async () => {
    await using folder = await folderWith(files);
    const { code, stdout } = await runCli([...args, "--v1", "wrong.mjs"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toMatch(/-\s+"ok": "perhaps"/);
    expect(stdout).toContain("they differ between two runs of V1: first.id, first.items.*.at");
    expect(stdout).not.toMatch(/^[-+].*"(id|at|bag)"/m);
  });

  it("names times and ids and the options that leave them out, if V1 ran only once", async () => {
    const simple = canvas([["second", "acme.stamp"]]);
    await using folder = await folderWith({ ...files, "flow.json": simple });
    const once = await runCli([...args, "--once"], { cwd: folder.path });
    expect(once.code).toBe(1);
    expect(once.stdout).toMatch(/different in every run\? made\\\.at \(times\)/);
    const option = /--ignore '(.*?)'/.exec(once.stdout)?.[1] as string;
    const ignored = await runCli([...args, "--once", "--ignore", option], { cwd: folder.path });
    expect(ignored.code).toBe(0);
  });

  it("applies every --ignore, and reports one that matches nothing", async () => {
    await using folder = await folderWith(files);
    const ignore = ["first.id", "**.at", "made\\.at", "bag.*", "frist.*.at"].flatMap((path) => ["--ignore", path]);
    const { code, report } = await runCli([...args, "--once", ...ignore, "--json"], { cwd: folder.path });
    expect(code).toBe(0);
    expect(report().workflows[0]?.notes).toEqual(['--ignore "frist.*.at" matches nothing in the outputs']);
  });

  it("fails if the whole output differs between two runs of V1", async () => {
    const old = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      for (const node of workflow.nodes) {
        try { await executors[node.type]({ context: initialData, node }); } catch (error) { return { success: false, error }; }
      }
      return { success: true, output: Math.random() };
    }`;
    await using folder = await folderWith({ ...files, "old.mjs": old });
    const { code, stdout } = await runCli([...args, "--v1", "old.mjs"], { cwd: folder.path });
    expect(code).toBe(1);
    expect(stdout).toContain("the whole output differs between two runs of V1");
  });

  it.each(["", "a..b", "a.b*", "."])("refuses the path %j", async (path) => {
    await using folder = await folderWith(files);
    const { code, stderr } = await runCli([...args, "--ignore", path], { cwd: folder.path });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error INVALID_ARGUMENT: --ignore .*\n$/),
    });
  });
});
