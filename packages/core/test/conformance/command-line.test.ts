import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthorFolder, CLI } from "./author-folder.ts";

let folder: AuthorFolder;

beforeAll(async () => {
  folder = await AuthorFolder.create();
});

afterAll(() => folder[Symbol.asyncDispose]());

/** Writes a harness that changes the correct one, and runs the command on it. */
async function conformanceOf(name: string, body: string, ...options: string[]) {
  await folder.write(
    `${name}.ts`,
    `import { open as openGood } from "./good.ts";\nexport { capabilities } from "./good.ts";\n${body}`,
  );
  const { exitCode, stdout, stderr } = await folder.run(CLI, `./${name}.ts`, ...options);
  const ids = (mark: string) => [...stdout.matchAll(new RegExp(`^${mark} +(\\S+):`, "gm"))].map(([, id]) => id);
  return { exitCode, stdout, stderr, ran: ids("(?:ok|FAILED)"), failed: ids("FAILED") };
}

/** A harness whose store makes every call by `call`, in place of its own methods. */
const everyCall = (call: string) => `
export const open = async () => {
  const opened = await openGood();
  for (const name of ["createExecution", "getExecution", "claimExecution", "commit", "readCheckpoints", "listExecutions",
    "saveDefinition", "getDefinition", "deleteUnusedDefinitions", "deleteExecutions"]) opened.store[name] = ${call};
  return opened;
};`;

describe("the command waymark-conformance", () => {
  it("prints each case as it ends", async () => {
    await folder.write(
      "slow.ts",
      `import { once } from "node:events";
import { open as openGood } from "./good.ts";
export { capabilities } from "./good.ts";
let opened = 0;
export const open = async () => {
  if (++opened === 3) await once(process.stdin, "data");
  return openGood();
};`,
    );
    const child = folder.start(CLI, "./slow.ts", "--case", "lifecycle/");
    const lines: string[] = [];
    // The third case waits until this test has seen the results of the first two.
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      lines.push(line);
      if (lines.filter((each) => each.startsWith("ok")).length === 2) child.stdin?.end("go\n");
    }
    if (child.exitCode === null) await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(lines.at(-1)).toMatch(/^\d+ passed, 0 failed/);
  });

  it.each([
    [
      "that throws",
      "throw new TypeError('no driver');",
      /open\(\) failed: TypeError: no driver\n +at .*throws\.ts:\d+/,
    ],
    [
      "that resolves to the store only",
      "return (await openGood()).store;",
      /must be an object \{ store, reopen, close \}/,
    ],
    ["that resolves to nothing", "", /must be an object \{ store, reopen, close \}, but is missing/],
    [
      "whose store lacks methods",
      "return { ...(await openGood()), store: { commit() {} } };",
      /The store has no createExecution, getExecution/,
    ],
  ])("stops after the first case if the harness has an open() %s", async (_what, body, explanation) => {
    const { exitCode, stdout, failed } = await conformanceOf("throws", `export const open = async () => { ${body} };`);
    expect(exitCode).toBe(1);
    expect(failed).toHaveLength(1);
    expect(stdout).toMatch(/^Stopped\. No store could be opened/m);
    expect(stdout.slice(stdout.indexOf("Stopped."))).toMatch(explanation);
    expect(stdout).toMatch(/^0 passed, 1 failed, 0 skipped, \d{3} not run/m);
    expect(stdout).not.toContain("BROKEN");
    expect(stdout.length).toBeLessThan(2_000);
  });

  it.each([
    ["refuses connections", `async () => { throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" }); }`],
    ["never answers", "() => new Promise(() => {})"],
  ])("stops after three cases if the database %s, and ends by itself", async (_what, call) => {
    const { exitCode, stdout, failed } = await conformanceOf("away", everyCall(call), "--timeout", "50");
    expect(exitCode).toBe(1);
    expect(failed).toHaveLength(3);
    expect(stdout).toContain("Stopped. 3 cases in a row got no answer from the store. Does its database run");
  });

  it("stops, and ends the process, if open() never answers and holds a connection", async () => {
    const { exitCode, stdout, stderr } = await conformanceOf(
      "hangs",
      `import { createServer } from "node:net";
export const open = () => new Promise(() => void createServer().listen(0));`,
      "--timeout",
      "50",
    );
    expect(exitCode).toBe(1);
    expect(stdout).toContain("open() had not ended after 50 ms");
    expect(stdout).toContain("or --timeout");
    expect(stderr).toBe("");
  });

  it("names the line of an error that the author's own code throws", async () => {
    const { exitCode, stdout } = await conformanceOf(
      "type-error",
      `
export const open = async () => {
  const opened = await openGood();
  opened.store.saveDefinition = async (hash) => {
    opened.database.save(hash);
  };
  return opened;
};`,
      "--case",
      "definitions/young",
    );
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /TypeError: Cannot read properties of undefined \(reading 'save'\)\n +at .*type-error\.ts:7:\d+/,
    );
  });

  it("explains an error that the store throws outside of its calls", async () => {
    const { exitCode, stderr } = await conformanceOf(
      "emitter",
      `import { EventEmitter } from "node:events";
export const open = () => new Promise(() => {
  setImmediate(() => new EventEmitter().emit("error", new Error("lost")));
  setInterval(() => {}, 1_000);
});`,
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/The store threw outside of its calls: Error: lost\n +at .*emitter\.ts:\d+/);
    expect(stderr).toContain('without a listener for "error"');
  });

  it("runs the random cases last, prints short sequences, and lists the failed cases at the end", async () => {
    const { exitCode, stdout, ran, failed } = await conformanceOf(
      "counts-wrong",
      `
const wrap = (store) => {
  const read = store.getExecution.bind(store);
  store.getExecution = async (id) => {
    const head = await read(id);
    return head && head.version > 1 && head.deadlineAt ? { ...head, currentStep: head.currentStep + 1 } : head;
  };
  return store;
};
export const open = async () => {
  const opened = await openGood();
  return { ...opened, store: wrap(opened.store), reopen: async () => wrap(await opened.reopen()) };
};`,
      "--seed",
      "7",
      "--case",
      "random/",
      "--case",
      "lifecycle/",
    );
    expect(exitCode).toBe(1);
    expect(ran.slice(-3)).toEqual(["random/sequences", "random/races", "random/texts"]);
    expect(failed).toContain("random/sequences");
    const list = stdout.slice(stdout.indexOf("\nFailed:\n"));
    expect([...list.matchAll(/^ {2}(\S+)$/gm)].map(([, id]) => id)).toEqual(failed);
    expect(list).toMatch(/\d+ passed, \d+ failed, \d+ skipped in [\d.]+ s \(seed 7\)\n--case <id> runs one/);
    const dump = stdout.slice(stdout.indexOf("FAILED  random/sequences"), stdout.indexOf("ok      random/races"));
    expect(dump).toContain("the shortest failing sequence that was found");
    expect(dump.length).toBeLessThan(6_000);
    // Every call of the sequence is one of the run that failed.
    expect(new Set([...dump.matchAll(/"id":"(run-\d+):/g)].map(([, run]) => run)).size).toBe(1);
  });

  it("takes a harness in CommonJS", async () => {
    await folder.write(
      "harness.cjs",
      `module.exports = Object.assign({}, { open: () => import("./good.ts").then((good) => good.open()),
  capabilities: { durable: false, multiProcess: false, maxPayloadBytes: 1e6 } });`,
    );
    const { exitCode, stdout } = await folder.run(CLI, "./harness.cjs", "--case", "lifecycle/");
    expect(stdout).toMatch(/\d+ passed, 0 failed/);
    expect(exitCode).toBe(0);
  });

  it.each([
    ["no open", "export const capabilities = {};", /open: must be a function that opens a store, but is missing/],
    [
      "capabilities that lack one",
      "export const open = () => {};\nexport const capabilities = { durable: true };",
      /capabilities: must be an object \{ durable, multiProcess, maxPayloadBytes \}/,
    ],
    [
      "an error while it loads, with its line",
      "\nthrow new TypeError('no config');",
      /cannot be loaded: TypeError: no config\n +at .*no-harness\.ts:2/,
    ],
    ["an error in its syntax", "export const = 1;", /cannot be loaded: SyntaxError: .*node --check/s],
    ["an import that is not installed", "import 'nowhere';", /cannot be loaded: Cannot find package 'nowhere'/],
  ])("explains a module with %s, and exits with 2", async (_what, text, explanation) => {
    await folder.write("no-harness.ts", text);
    const { exitCode, stderr, stdout } = await folder.run(CLI, "./no-harness.ts");
    expect(stderr).toMatch(explanation);
    expect(stderr).not.toContain("Usage:");
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });
});
