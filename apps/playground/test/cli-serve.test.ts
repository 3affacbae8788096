import { describe, expect, it } from "vitest";
import { isServed } from "../src/cli/is-served.ts";
import { folderWith, folderWithPGlite, runCli } from "./run-cli.ts";
import { startServing } from "./start-serving.ts";

describe("the page is served after a comparison", () => {
  it.each([
    ["of the bundled workflows in a terminal", { files: [], flags: {}, isTerminal: true }, true],
    ["not without a terminal", { files: [], flags: {}, isTerminal: false }, false],
    ["not of files", { files: ["x.json"], flags: {}, isTerminal: true }, false],
    ["not as JSON", { files: [], flags: { json: true }, isTerminal: true }, false],
    ["with --serve, without a terminal", { files: ["x.json"], flags: { serve: true }, isTerminal: false }, true],
    ["not with --no-serve", { files: [], flags: { serve: false }, isTerminal: true }, false],
  ])("%s", (_, given, expected) => {
    expect(isServed(given)).toBe(expected);
  });
});

it.each([
  ["SIGINT", 0],
  ["SIGTERM", 0],
] as const)("serve says where the page is, and ends with %s", async (signal, code) => {
  await using folder = await folderWithPGlite(["page"]);
  const { url, child, ended } = await startServing(["serve", "--port", "0"], folder.path);
  expect(await (await fetch(url)).text()).toContain("<title>Waymark playground</title>");
  child.kill(signal);
  expect(await ended).toBe(code);
});

it("compare --serve keeps the exit code of the comparison", async () => {
  await using folder = await folderWith({});
  const args = ["compare", "-w", "support-triage", "--once", "--store", "memory", "--serve", "--port", "0"];
  const { child, ended } = await startServing(args, folder.path);
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

it.each([[["--no-serve"]], [[]]])("compare ends without a terminal, with %j", async (more) => {
  await using folder = await folderWith({});
  const { code, stderr } = await runCli(["compare", "-w", "support-triage", "--once", ...more], { cwd: folder.path });
  expect(code).toBe(0);
  expect(stderr).not.toContain("127.0.0.1");
});

it("a port that is none is refused", async () => {
  expect(await runCli(["serve", "--port", "99999"])).toMatchObject({ code: 2, stdout: "" });
});
