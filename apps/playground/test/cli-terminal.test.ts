import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canvas, folderWith, runCli } from "./run-cli.ts";

/** All control characters of terminals and some of text direction, without U+0000, which no id may contain. */
const CONTROLS = [
  ...Array.from({ length: 0x1f }, (_, index) => index + 1),
  ...Array.from({ length: 0x21 }, (_, index) => index + 0x7f),
  0x2028,
  0x2029,
  0x202e,
  0x2066,
].map((code) => String.fromCharCode(code));
const EVIL = `evil${CONTROLS.join("")}[2J`;
const SECRET = "hunter2-secret";
const ADDRESS = `postgres://user:${SECRET}@db.example/x`;

/** Finds control characters and secrets in printed text. */
function raw(text: string): string[] {
  const controls = text.match(/(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu) ?? [];
  return text.includes(SECRET) ? [...controls, SECRET] : controls;
}

/** A node whose id, name, data, output and error all come from outside. */
const nodes = `
  export const executors = {
    "acme.out": ({ context, node }) => ({ ...context, [node.id]: ${JSON.stringify(`${EVIL} ${ADDRESS}`)} + Math.random() }),
    "acme.fail": () => { throw new Error(${JSON.stringify(`${EVIL} ${ADDRESS}`)}); },
    "acme.print": ({ context }) => { console.log(${JSON.stringify(EVIL)}); console.error(${JSON.stringify(EVIL)}); return context; },
  };`;

const titled = (id: string, type: string) => ({
  ...canvas([[`${id}${EVIL}`, type]]),
  id: `w ${id} ${EVIL}`,
  name: EVIL,
});

/** A canvas with one id twice. */
const twice = (id: string) =>
  canvas([
    [id, "transform", { expression: "1" }],
    [id, "transform", { expression: "1" }],
  ]);

describe("compare prints no control characters and no secrets", () => {
  it.each([
    ["of ids and differing outputs", "acme.out", ["--once"], 1],
    ["of paths that vary", "acme.out", [], 0],
    ["of errors of nodes", "acme.fail", [], 1],
    ["of what modules print", "acme.print", ["--once"], 0],
  ])("%s, as tables or as JSON", async (_, type, more, code) => {
    await using folder = await folderWith({ "flow.json": titled("x", type), "nodes.mjs": nodes });
    for (const format of [[], ["--json"]]) {
      const args = ["compare", "flow.json", "--executors", "nodes.mjs", ...more, ...format];
      const ended = await runCli(args, { cwd: folder.path });
      expect({ code: ended.code, raw: raw(ended.stdout + ended.stderr) }).toEqual({ code, raw: [] });
      if (format.length > 0) expect(ended.report().workflows[0]?.id).toBe(`w x ${EVIL}`);
    }
  });

  it.each<[string, string[], Record<string, unknown>]>([
    ["an id that repeats", ["flow.json"], { "flow.json": twice(EVIL) }],
    ["an unknown option", [`--${EVIL}`], {}],
    ["an unknown store", ["--store", EVIL], {}],
    ["an unknown workflow", ["-w", EVIL], {}],
    [
      "an unknown node to fail",
      ["flow.json", "--fail-at", EVIL],
      { "flow.json": canvas([["a", "transform", { expression: "1" }]]) },
    ],
    ["a path to ignore", ["--ignore", `${EVIL}*`], {}],
    ["a file that is missing", [`${EVIL}.json`], {}],
    ["an address with a password", ["--store", "postgres", "--url", `${ADDRESS} ${EVIL}`], {}],
    [
      "a module that throws",
      ["flow.json", "--v1", "bad.mjs"],
      {
        "flow.json": canvas([["a", "transform", { expression: "1" }]]),
        "bad.mjs": `throw new Error(${JSON.stringify(`${EVIL} ${ADDRESS}`)});`,
      },
    ],
  ])("in errors about %s", async (_, args, files) => {
    await using folder = await folderWith(files);
    const ended = await runCli(["compare", ...args], { cwd: folder.path });
    const lines = ended.stderr.trimEnd().split("\n");
    expect({ code: ended.code, stdout: ended.stdout, raw: raw(ended.stderr) }).toEqual({
      code: 2,
      stdout: "",
      raw: [],
    });
    expect(lines.filter((line) => line.startsWith("error "))).toEqual([lines.at(-1)]);
    expect(lines.at(-1)?.length).toBeLessThan(3_000);
  });

  it("and no text that is too long", async () => {
    const long = "x".repeat(2_000_000);
    await using folder = await folderWith({ "flow.json": twice(long) });
    const ended = await runCli(["compare", "flow.json"], { cwd: folder.path });
    expect(ended.code).toBe(2);
    expect(ended.stderr.length).toBeLessThan(3_000);
  });
});

describe("compare ends in bounded time and memory", () => {
  it("with a file that never ends", async () => {
    await using folder = await folderWith({});
    execFileSync("mkfifo", [join(folder.path, "pipe.json")]);
    const ended = await runCli(["compare", "pipe.json", "--timeout", "1"], { cwd: folder.path });
    expect(ended).toMatchObject({ code: 2, stdout: "" });
    expect(ended.stderr).toMatch(/^error INVALID_ARGUMENT: reading "pipe\.json" took longer than 1 s.*\n$/);
  });

  it("with nodes that use more and more memory", async () => {
    const greedy = `export const executors = { "acme.greedy": () => { const all = []; for (;;) all.push({ more: [1] }); } };`;
    await using folder = await folderWith({ "flow.json": canvas([["a", "acme.greedy"]]), "nodes.mjs": greedy });
    const ended = await runCli(["compare", "flow.json", "--executors", "nodes.mjs"], {
      cwd: folder.path,
      env: { NODE_OPTIONS: "--max-old-space-size=100" },
    });
    expect(ended).toMatchObject({ code: 70, stdout: "" });
    expect(ended.stderr.trimEnd().split("\n").at(-1)).toMatch(/^error NO_REPORT: .*ran out of memory/);
    expect(ended.stderr).not.toMatch(/GCs|stack trace/);
  });

  it("with services that ask for a wait of a day", async () => {
    const flow = {
      ...canvas([["a", "http-request", { method: "POST", url: "/mail/messages" }]]),
      playground: { interruption: { faults: [{ path: "/mail/*", times: 1, status: 429, retryAfterSeconds: 86_400 }] } },
    };
    await using folder = await folderWith({ "flow.json": flow });
    const ended = await runCli(["compare", "flow.json", "--timeout", "1", "--json"], { cwd: folder.path });
    expect(ended.code).toBe(1);
    expect(ended.report().workflows[0]?.interruptions).toMatchObject([{ kind: "service", v2: { finished: false } }]);
  });
});
