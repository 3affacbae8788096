import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkflowEngine } from "@waymark/core";
import { PostgresCheckpointStore } from "@waymark/store-postgres";
import { preparePGlite } from "tooling/test-servers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";

const CLI = join(import.meta.dirname, "../src/cli.ts");
const PROJECT = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "waymark-inspector-"));
const running: ChildProcess[] = [];

beforeAll(async () => {
  const dataDir = join(folder, "data");
  await preparePGlite(dataDir);
  const store = await PostgresCheckpointStore.connect({ dataDir });
  const engine = createWorkflowEngine({
    store,
    workflows: [{ id: "w", nodes: [{ id: "a" }, { id: "b" }], edges: [{ source: "a", target: "b" }] }],
    executors: {
      default: ({ node }) => {
        if (node.id === "b") throw new Error("b is down");
        return { a: 1n };
      },
    },
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await engine.executeWorkflow({ workflowId: "w", userId: "u", executionId: "e1" });
  await store.close();
});

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command in a project. Resolves with what it has printed once it says where it is, or has ended. */
function start(
  args: string[],
  cwd = PROJECT,
): Promise<{ child: ChildProcess; output: string; exitCode: number | null }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...process.env, NODE_PATH: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let output = "";
  return new Promise((resolve, reject) => {
    const collect = (text: Buffer) => {
      output += text;
      if (output.includes("Ctrl+C ends it")) resolve({ child, output, exitCode: null });
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ child, output, exitCode }));
  });
}

it("serves the executions of a store to this machine, forks them, and does not run nodes", async () => {
  const { child, output } = await start(["--store", "pglite", "--url", join(folder, "data"), "--port", "0"]);
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0] ?? "";
  const call = async (path: string, init: RequestInit = {}) => (await fetch(`${url}api/${path}`, init)).json();

  const session = await fetch(`${url}api/session`);
  const { token, actions, canRun } = (await session.json()) as { token: string; actions: boolean; canRun: boolean };
  expect({ actions, canRun }).toEqual({ actions: true, canRun: false });
  const { items } = (await call("executions?status=failed")) as {
    items: { id: string; failure: { message: string } }[];
  };
  expect(items).toMatchObject([{ id: "e1", failure: { message: "b is down" } }]);

  const headers = {
    "content-type": "application/json",
    "x-waymark-token": token,
    cookie: session.headers.get("set-cookie")?.split(";")[0] ?? "",
  };
  const act = (path: string, body: object) => call(path, { method: "POST", headers, body: JSON.stringify(body) });
  expect(await act("resume", { id: "e1", definition: "original" })).toMatchObject({ error: { code: "CANNOT_RUN" } });
  const fork = (await act("fork", { id: "e1", seq: 2, definition: "original" })) as { executionId: string };
  expect(await call(`progress?id=${fork.executionId}`)).toMatchObject({
    execution: { status: "pending" },
    next: ["b"],
  });

  const ended = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

it("has no actions with --read-only, and hides what --redact names", async () => {
  const args = ["--store", "pglite", "--url", join(folder, "data"), "--port", "0", "--read-only", "--redact", "a,x"];
  const { output } = await start(args);
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0] ?? "";
  expect(await (await fetch(`${url}api/session`)).json()).toMatchObject({ actions: false, redacted: true });
  const change = (await (await fetch(`${url}api/change?id=e1&seq=1`)).json()) as { after: unknown };
  expect(change.after).toEqual({ a: { $type: "waymark:redacted" } });
});

it.each([
  [[], /--store and --url are needed/, 2],
  [["--store", "oracle", "--url", "x"], /oracle is none of postgres, pglite, mongo, redis/, 2],
  [["--store", "pglite", "--url", "no-such-folder"], /there is no folder no-such-folder/, 2],
  [["--store", "pglite", "--url", "x", "--port", "99999"], /--port: 99999 is not a port/, 2],
  [["--store", "redis", "--url", "redis://localhost:1", "--schema", "app"], /--store redis has no --schema/, 2],
  [["--stor", "pglite"], /"--stor" .*did you mean "--store"/, 2],
  [["--redacted", "a"], /did you mean "--redact"/, 2],
  [["--help"], /Usage: waymark-inspector/, 0],
])("ends with a reason if it is called with %j", async (args, reason, code) => {
  const { output, exitCode } = await start(args);
  expect(output).toMatch(reason);
  expect(exitCode).toBe(code);
});

it("says how to get the package of a store that the project does not have", async () => {
  const { output, exitCode } = await start(["--store", "mongo", "--url", "mongodb://localhost"], folder);
  expect(output).toMatch(/@waymark\/store-mongo is not installed in .*npm install @waymark\/store-mongo/);
  expect(exitCode).toBe(2);
});
