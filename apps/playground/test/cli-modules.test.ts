import { isThorough } from "tooling/thorough";
import { describe, expect, it } from "vitest";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const flow = canvas([
  ["a", "acme.step"],
  ["b", "acme.step"],
]);

/** Makes a module of nodes. `body` is the code of node b. */
const node = (body: string) => `
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  export const executors = {
    "acme.step": async ({ context, node, data }) => {
      if (node.id === "b") { ${body} }
      return { ...context, [node.id]: true };
    },
  };`;

const old = (body: string) => `export const executeWorkflowSync = async () => { ${body} };`;

type Case = [title: string, module: string, code: number, says: RegExp];

async function compare(option: "--executors" | "--v1", module: string, more: string[] = []) {
  await using folder = await folderWith({ "flow.json": flow, "good.mjs": node(""), "module.mjs": module });
  const executors = option === "--v1" ? ["--executors", "good.mjs"] : [];
  const args = ["compare", "flow.json", ...executors, option, "module.mjs", "--timeout", "1", ...more];
  const { code, stdout, stderr } = await runCli(args, { cwd: folder.path });
  return { code, stdout, lines: stderr.trimEnd().split("\n") };
}

describe("compare, with a module", () => {
  async function printsOneLine(module: string, code: number, says: RegExp): Promise<void> {
    const ended = await compare("--executors", module);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.lines.filter((line) => line.startsWith("error "))).toEqual([ended.lines.at(-1)]);
    expect(ended.lines.at(-1)).toMatch(says);
    expect(ended.lines.join("\n")).not.toMatch(/^\s+at |node:internal|Native stack/m);
  }

  const exitCodes = isThorough ? [0, 1, 2, 70] : [0, 70];
  const ends: Case[] = exitCodes.flatMap((code): Case[] => [
    [
      `that exits with ${code} when it is loaded`,
      `process.exit(${code});`,
      70,
      new RegExp(`exit code ${code}\\).*loading`),
    ],
    [`whose node exits with ${code}`, node(`process.exit(${code});`), 70, new RegExp(`exit code ${code}\\).*flow`)],
  ]);
  it.each<Case>([
    ...ends,
    [
      "that kills its process",
      node("process.kill(process.pid, 'SIGTERM'); await sleep(60_000);"),
      70,
      /signal SIGTERM/,
    ],
    ["that aborts", node("process.abort();"), 70, /signal SIGABRT/],
    [
      "that closes the channel to its parent",
      node("process.disconnect(); await sleep(60_000);"),
      70,
      /ended the process/,
    ],
    ["that throws null", "throw null;", 2, /--executors module\.mjs: cannot be loaded: null was thrown/],
    ["that throws undefined", "throw undefined;", 2, /cannot be loaded: undefined was thrown/],
    ["that throws a bare object", "throw Object.create(null);", 2, /cannot be loaded/],
    ["that throws an error whose message throws", "throw { get message() { throw 1; } };", 2, /cannot be loaded/],
    [
      "that leaves a rejected promise when it is loaded",
      `Promise.reject(null); ${node("")} await sleep(60_000);`,
      2,
      /unhandled: null/,
    ],
    [
      "whose node leaves a rejected promise",
      node("Promise.reject(new Error('lost')); await sleep(60_000);"),
      2,
      /unhandled: lost/,
    ],
    [
      "whose node throws in a timer",
      node("setTimeout(() => { throw undefined; }); await sleep(60_000);"),
      2,
      /threw an uncaught error/,
    ],
    ["whose table throws", "export const executors = { get step() { throw null; } };", 2, /cannot be read: null/],
    ["whose table is a list", "export const executors = { executors: [] , step: 1 };", 2, /node type "executors"/],
  ])("of nodes %s, prints one line and no report", async (_, module, code, says) => {
    await printsOneLine(module, code, says);
  });

  // Each is waited for.
  it.concurrent.each<Case>([
    [
      "that never finishes loading",
      "await new Promise(() => setInterval(() => {}, 1000));",
      2,
      /loading.*longer than 1 s/,
    ],
    ["that loads in an endless loop", "for (;;);", 2, /loading.*longer than 1 s/],
    ["whose node runs in an endless loop", node("for (;;);"), 70, /did not answer.*flow/],
  ])("of nodes %s, prints one line and no report", async (_, module, code, says) => {
    await printsOneLine(module, code, says);
  });

  it.each<Case>([
    ["that exits when it is loaded", "process.exit(0);", 70, /loading --v1/],
    ["that exits when it is called", old("process.exit(0);"), 70, /flow: undisturbed: V1/],
    [
      "that throws null when it is made",
      "export const createWorkflowExecutor = () => { throw null; };",
      2,
      /createWorkflowExecutor: null was thrown/,
    ],
  ])("of an old executor %s, prints one line and no report", async (_, module, code, says) => {
    const ended = await compare("--v1", module);
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(ended.lines.at(-1)).toMatch(says);
  });

  it.each([
    ["throws null", "throw null;", "null was thrown"],
    ["throws undefined", "throw undefined;", "undefined was thrown"],
    ["throws a symbol", "throw Symbol('odd');", "Symbol(odd)"],
    ["fails for no reason", "return { success: false };", "it gave no reason"],
  ])("whose old executor %s, reports the failure", async (_, body, reason) => {
    const ended = await compare("--v1", old(body), ["--json"]);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout).workflows[0].difference).toBe(`V1 failed: ${reason}`);
  });

  it("that prints to stdout and sends to its parent process does not disturb the report", async () => {
    const module = `
      console.log("loaded \\u001b[2J");
      process.send?.({ type: "report", report: { ok: true, workflows: [] } });
      ${node('process.stdout.write("{"); console.error("running")')}`;
    const ended = await compare("--executors", module, ["--json", "--once"]);
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.stdout).workflows).toHaveLength(1);
    expect(ended.lines).toContain("loaded \\u001b[2J");
    expect(ended.lines).toContain("running");
  });

  it("whose V1 continues after its time limit starts no more nodes", async () => {
    const slow = `export async function executeWorkflowSync({ initialData, workflow, executors }) {
      for (const node of workflow.nodes) {
        await new Promise((resolve) => setTimeout(resolve, node.id === "b" ? 1_500 : 0));
        await executors[node.type]({ context: initialData, node });
      }
    }`;
    const ended = await compare("--v1", slow, ["--json"]);
    expect(JSON.parse(ended.stdout).workflows[0].difference).toMatch(/^V1 failed: timeout/);
  });
});
