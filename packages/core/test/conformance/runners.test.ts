import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "../../src/conformance/index.ts";

const SOURCE = fileURLToPath(new URL("../../src", import.meta.url));
const MEMORY = fileURLToPath(new URL("../../../store-memory/src/index.ts", import.meta.url));
const OPEN = `
import { MemoryCheckpointStore } from ${JSON.stringify(MEMORY)};
export const capabilities = MemoryCheckpointStore.capabilities;
export const open = async () => {
  const store = new MemoryCheckpointStore();
  return { store, reopen: async () => store.reopen(), close: () => store.close() };
};`;

let folder: string;

function run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
    execFile(process.execPath, args, { cwd: folder, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waymark-conformance-"));
  await writeFile(join(folder, "good.ts"), OPEN);
  await writeFile(
    join(folder, "broken.ts"),
    `import { open as openGood } from "./good.ts";
export { capabilities } from "./good.ts";
export const open = async () => {
  const opened = await openGood();
  const { store } = opened;
  store.getDefinition = async () => undefined;
  return opened;
};`,
  );
  await writeFile(
    join(folder, "suite.test.ts"),
    `import { describe, it } from "node:test";
import { describeCheckpointStore } from ${JSON.stringify(join(SOURCE, "conformance/index.ts"))};
import { capabilities, open } from "./good.ts";
describeCheckpointStore({ describe, it }, { name: "memory", capabilities, open });`,
  );
  await writeFile(
    join(folder, "broken-suite.test.ts"),
    `import { describe, it } from "node:test";
import { describeCheckpointStore } from ${JSON.stringify(join(SOURCE, "conformance/index.ts"))};
import { capabilities, open } from "./broken.ts";
describeCheckpointStore({ describe, it }, { name: "broken", capabilities, open });`,
  );
  await writeFile(join(folder, "without-open.ts"), "export const capabilities = {};");
  await writeFile(
    join(folder, "without-capabilities.ts"),
    "export const capabilities = null;\nexport const open = () => {};",
  );
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the suite in other runners", () => {
  const cli = join(SOURCE, "conformance/cli.ts");

  it("passes under node:test", async () => {
    const { exitCode, stdout } = await run("--test", "--test-reporter=tap", "suite.test.ts");
    expect(exitCode, stdout).toBe(0);
    const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)$`, "m").exec(stdout)?.[1]);
    expect(count("fail")).toBe(0);
    expect(count("pass") + count("skipped")).toBe(conformanceCases.length);
    // The memory store declares that it is not durable, and this harness cannot make definitions look older.
    const needy = conformanceCases.filter(({ requires = [] }) => requires.some((what) => what !== "payload-limit"));
    expect(count("skipped")).toBe(needy.length);
  });

  it("fails a broken store under node:test", async () => {
    const { exitCode, stdout } = await run("--test", "--test-reporter=tap", "broken-suite.test.ts");
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/^ *not ok \d+ - fidelity\/definitions/m);
  });

  it("passes on the command line, and lets the process end", async () => {
    const { exitCode, stdout, stderr } = await run(cli, "./good.ts", "--json", "--seed", "7");
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ success: true, failed: 0, seed: 7 });
  });

  it("reports the broken invariant on the command line, and exits with 1", async () => {
    const { exitCode, stdout } = await run(cli, "./broken.ts", "--case", "fidelity/");
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/ 9\. Faithful.*BROKEN/);
    expect(stdout).toContain("FAILED  fidelity/definitions");
  });

  it.each([
    [["./missing.ts"]],
    [["./without-open.ts"]],
    [["./without-capabilities.ts"]],
    [["./good.ts", "--case", "nothing/"]],
    [["./good.ts", "--case", ""]],
    [["./good.ts", "--seed", "x"]],
    [["./good.ts", "--seed", ""]],
    [["./good.ts", "--seed", "1e300"]],
    [["./good.ts", "./good.ts"]],
    [[]],
  ])("exits with 2 for a wrong call: %j", async (args) => {
    expect((await run(cli, ...args)).exitCode).toBe(2);
  });
});
