import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conformanceCases } from "../../src/conformance/index.ts";
import { AuthorFolder, CLI as cli, type Ended, SOURCE } from "./author-folder.ts";

let folder: AuthorFolder;
const run = (...args: string[]): Promise<Ended> => folder.run(...args);

beforeAll(async () => {
  folder = await AuthorFolder.create();
  await folder.write(
    "broken.ts",
    `import { open as openGood } from "./good.ts";
export { capabilities } from "./good.ts";
export const open = async () => {
  const opened = await openGood();
  const { store } = opened;
  store.getDefinition = async () => undefined;
  return opened;
};`,
  );
  await folder.write(
    "suite.test.ts",
    `import { describe, it } from "node:test";
import { describeCheckpointStore } from ${JSON.stringify(join(SOURCE, "conformance/index.ts"))};
import { capabilities, open } from "./good.ts";
describeCheckpointStore({ describe, it }, { name: "memory", capabilities, open });`,
  );
  await folder.write(
    "broken-suite.test.ts",
    `import { describe, it } from "node:test";
import { describeCheckpointStore } from ${JSON.stringify(join(SOURCE, "conformance/index.ts"))};
import { capabilities, open } from "./broken.ts";
describeCheckpointStore({ describe, it }, { name: "broken", capabilities, open });`,
  );
  await folder.write("without-open.ts", "export const capabilities = {};");
  await folder.write("without-capabilities.ts", "export const capabilities = null;\nexport const open = () => {};");
});

afterAll(() => folder[Symbol.asyncDispose]());

describe("the suite in other runners", () => {
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

  it("under node:test, names the reason in every test if no store can be opened", async () => {
    await folder.write(
      "dead-suite.test.ts",
      `import { describe, it } from "node:test";
import { describeCheckpointStore } from ${JSON.stringify(join(SOURCE, "conformance/index.ts"))};
import { capabilities } from "./good.ts";
const open = async () => { throw new Error("no database"); };
describeCheckpointStore({ describe, it }, { name: "dead", capabilities, open });`,
    );
    const { exitCode, stdout } = await folder.run("--test", "--test-reporter=tap", "dead-suite.test.ts");
    expect(exitCode).not.toBe(0);
    const notRun = stdout.match(/error: .*\n?.*Not run\. No store could be opened/g) ?? [];
    expect(notRun.length).toBeGreaterThan(200);
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
    [["./good.ts", "--timeout", "0"]],
    [["./good.ts", "--timeout", "5s"]],
    [["./good.ts", "./good.ts"]],
    [[]],
  ])("exits with 2 for a wrong call: %j", async (args) => {
    expect((await run(cli, ...args)).exitCode).toBe(2);
  });
});
