import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startOwnRedis } from "../../../tooling/test-servers/index.ts";
import { NoReportError } from "../src/compare/no-report-error.ts";
import { countRepeats } from "../src/compare/repeats.ts";
import { type LoadedWorkflow, parseWorkflows } from "../src/import/workflow-file.ts";
import { runWorker } from "../src/kill/run-worker.ts";
import type { StopAt } from "../src/kill/task.ts";
import { type ServiceServer, startServiceServer } from "../src/server/service-server.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const flow = canvas([
  ["a", "acme.step"],
  ["b", "acme.middle"],
  ["c", "acme.step"],
]);

/** Makes nodes. The middle one runs `body`, which can use `sleep` and `post`. */
const nodes = (body: string) => `
  const sleep = () => new Promise((resolve) => setTimeout(resolve, 20));
  const post = (node) => fetch(process.env.PLAYGROUND_URL + "/mail/" + node.id, { method: "POST" });
  export const executors = {
    "acme.step": ({ context, node }) => ({ ...context, [node.id]: true }),
    "acme.middle": async ({ context, node }) => { ${body} return context; },
  };`;

let services: ServiceServer;
beforeAll(async () => {
  services = await startServiceServer();
});
afterAll(() => services.close());
beforeEach(() => services.reset());

async function run(body: string, stopAt?: Partial<StopAt>, runLimitMs = 60_000) {
  await using folder = await folderWith({ "nodes.mjs": nodes(body) });
  const [{ workflow, format, input }] = parseWorkflows(flow, "flow") as [LoadedWorkflow];
  const task = {
    loaded: { workflow, format, input },
    services: { url: services.url, model: "none" },
    modules: { executors: join(folder.path, "nodes.mjs") },
    userId: "u",
    runLimitMs,
    executor: { name: "v1" } as const,
  };
  const stop = stopAt && { stopAt: { nodeId: "b", moment: "during" as const, sendsRequests: false, ...stopAt } };
  return await runWorker({ ...task, ...stop }, services);
}

describe("a process that is killed while a node runs", () => {
  it.each([
    ["waits for a timer", "await sleep();", false, 0],
    ["waits for ever", "await new Promise(() => undefined);", false, 0],
    ["reads", 'await fetch(process.env.PLAYGROUND_URL + "/rates/EUR");', true, 0],
    ["changes something", "await post(node);", true, 1],
    ["changes something after a while", "await sleep(); await post(node);", true, 1],
  ])("has not completed the node, which %s, but has caused its effect", async (_, body, sendsRequests, effects) => {
    const killed = await run(body, { sendsRequests });
    expect(killed).toMatchObject({
      nodeRuns: [
        { nodeId: "a", outcome: "completed" },
        { nodeId: "b", outcome: "failed" },
      ],
    });
    expect([killed.outcome, killed.missed]).toEqual([undefined, undefined]);
    expect(killed.requests.filter(({ outcome }) => outcome === "applied")).toHaveLength(effects);
    // The request does not name its node, so the time of its arrival decides.
    const repeats = countRepeats([killed, killed]);
    expect(repeats.interrupted).toEqual({ nodes: 1, requests: effects, effects });
    expect(repeats.completed).toEqual({ nodes: 1, requests: 0, effects: 0 });
  });

  it.each([
    ["waits for nothing", "", false, "it ended at once, without waiting for anything"],
    ["fails at once", "throw null;", false, "it failed at once, without waiting for anything"],
    ["sends no request this time", "await sleep();", true, "it ended without a request"],
  ])("is not killed if the node %s", async (_, body, sendsRequests, missed) => {
    expect(await run(body, { sendsRequests })).toMatchObject({ missed });
  });

  it("is not killed if the node is not reached", async () => {
    expect(await run("", { nodeId: "z" })).toMatchObject({ outcome: { success: true } });
  });
});

describe("a process that runs a workflow", () => {
  it.each([
    ["exits", "process.exit(0);", NoReportError],
    ["leaves a rejection", "Promise.reject(null); await sleep(); await sleep();", "unhandled: null was thrown"],
  ])("that %s is an error of the comparison", async (_, body, error) => {
    await expect(run(body)).rejects.toThrow(error as string);
  });

  it("is ended if a node keeps it busy for too long", async () => {
    const ended = await run("for (;;);", undefined, 1);
    expect(ended.outcome).toMatchObject({ success: false, error: expect.stringContaining("timeout") });
  });

  it("reports an output that cannot be sent to another process", async () => {
    const ended = await run("return { answer: () => 42 };");
    expect(ended.outcome).toMatchObject({ success: false, error: expect.stringContaining("cannot be read") });
  });
});

describe("compare --kill", () => {
  it("leaves out a moment that does not exist, with the reason, and is OK", async () => {
    await using folder = await folderWith({ "flow.json": flow, "nodes.mjs": nodes("") });
    const redis = await startOwnRedis();
    const store = ["--store", "redis", "--url", redis.url, "--kill", "--fail-at", "b"];
    const args = ["compare", "flow.json", "--executors", "nodes.mjs", ...store];
    const { code, stdout } = await runCli(args, { cwd: folder.path });
    await redis.stop();
    expect(code).toBe(0);
    expect(stdout).toMatch(/kill before node 2.*\n.*kill after node 2/);
    expect(stdout.replace(/\s+/g, " ")).toContain("kill during node 2 left out: the process could not be killed while");
  });
});
