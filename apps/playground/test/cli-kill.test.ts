import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  type OwnTestServer,
  startOwnMongo,
  startOwnPostgres,
  startOwnRedis,
} from "../../../tooling/test-servers/index.ts";
import type { InterruptionReport } from "../src/compare/report.ts";
import { canvas, folderWith, folderWithPGlite, runCli } from "./run-cli.ts";

/** The limit of a test that starts more than a dozen processes one after the other, each with a PGlite. */
const MANY_PROCESSES = { timeout: 300_000 };

// A process opens it faster than a folder of PGlite.
const redis = await startOwnRedis();
afterAll(() => redis.stop());
const onRedis = ["--store", "redis", "--url", redis.url];

const nothing = { nodes: 0, requests: 0, effects: 0 };

/** Nodes that write to a file that they have run. Their output contains the user that they run for. */
const nodes = `
  import { appendFileSync } from "node:fs";
  import { setTimeout as wait } from "node:timers/promises";
  export const executors = {
    "acme.step": async ({ context, node, userId }) => {
      appendFileSync("ran.txt", node.id);
      await wait(1);
      return { ...context, [node.id]: userId };
    },
  };`;

/** Expects that V2 completed the execution of a killed process, and that nothing is reported about V1. */
function expectRecovered(interruption: InterruptionReport | undefined): void {
  expect(interruption).toMatchObject({
    error: expect.stringMatching(/^The process was killed while .* ran, and nobody asked for the execution again\.$/),
    v2: { runs: 2, finished: true, outputEqual: true, completed: nothing },
  });
  const { node, v1, v2 } = interruption as InterruptionReport;
  expect(v1).toBeUndefined();
  expect(v2.completedBefore).toBe((node?.position ?? 0) - 1);
  // The service recognizes the request of the killed node by its key.
  expect(v2.interrupted).toEqual({ nodes: 1, requests: 1, effects: 0 });
}

describe("compare with killed processes", () => {
  it(
    "kills before, during and after the effect of a node: V2 repeats no completed node and no effect",
    MANY_PROCESSES,
    async () => {
      await using folder = await folderWithPGlite(["compare", "kill"]);
      const args = ["compare", "-w", "order-fulfilment", "--store", "pglite", "--json"];
      const { code, report } = await runCli(args, { cwd: folder.path });
      expect(code).toBe(0);
      const { ok, store, dataDir, workflows } = report();
      expect({ ok, store, dataDir }).toEqual({ ok: true, store: "pglite", dataDir: ".waymark/playground" });
      const kills = workflows[0]?.interruptions.filter(({ kind }) => kind.startsWith("kill")) ?? [];
      expect(kills.map(({ kind }) => kind)).toEqual(["kill before", "kill during", "kill after"]);
      for (const { kind, v1, v2 } of kills) {
        const completed = v1?.completedBefore;
        expect(completed).toBeGreaterThan(0);
        expect(v1).toMatchObject({ finished: true, outputEqual: true, completed: { nodes: completed } });
        expect(v2).toMatchObject({ finished: true, outputEqual: true, completed: nothing, completedBefore: completed });
        // The service recognizes the request of the killed node by its key.
        const sentAgain = kind === "kill before" ? 0 : 1;
        expect(v2.interrupted).toEqual({ nodes: 1, requests: sentAgain, effects: 0 });
        expect(v1?.interrupted).toEqual({ nodes: 1, requests: sentAgain, effects: sentAgain });
      }
      expectRecovered(workflows[0]?.interruptions.find(({ kind }) => kind === "recovery"));
    },
  );

  it("recovers in another process without anybody asking, also a workflow with an interruption of its own", async () => {
    const { code, report } = await runCli(["compare", "-w", "campaign-send", ...onRedis, "--json"]);
    expect(code).toBe(0);
    const { interruptions = [] } = report().workflows[0] ?? {};
    expect(interruptions.map(({ kind }) => kind)).toEqual(["service", "recovery"]);
    expectRecovered(interruptions[1]);
  });

  it("counts the recovery in what it announces, and shows nodes the user of --user-id", async () => {
    await using folder = await folderWith({
      "nodes.mjs": nodes,
      "own.json": canvas([
        ["a", "acme.step"],
        ["b", "acme.step"],
        ["c", "acme.step"],
      ]),
    });
    const options = ["--executors", "nodes.mjs", ...onRedis, "--user-id", "ida", "--kill"];
    const args = ["compare", "own.json", ...options];
    const { code, stdout, stderr } = await runCli(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stderr).toContain("own: each node runs up to 20 times (V1 9, V2 11, without retries)");
    expect(stdout).toMatch(/recovery at node 2 +- +- +- +never +0 +0 +0 +run 2/);
    expect(stdout).toContain("recovery: killed while the node ran, and completed by another process");
    const ran = await readFile(join(folder.path, "ran.txt"), "utf8");
    const count = (id: string) => ran.split(id).length - 1;
    // The kill before the effect of b starts its executor only in the next process.
    expect([count("a"), count("b"), count("c")]).toEqual([5 + 9 + 1, 6 + 10 + 2, 4 + 6 + 1]);
  });

  const servers: [store: string, start: () => Promise<OwnTestServer>][] = [
    ["redis", startOwnRedis],
    ["postgres", startOwnPostgres],
    ["mongo", startOwnMongo],
  ];
  it.each(servers)("kills at the node of --fail-at, with checkpoints on a server: %s", async (store, start) => {
    await using folder = await folderWith({
      "own.json": canvas([
        ["a", "http-request", { method: "POST", url: "/crm/contacts", body: { n: 1 } }],
        ["b", "http-request", { method: "POST", url: "/crm/contacts", body: { n: 2 } }],
      ]),
    });
    const server = await start();
    try {
      const args = [
        "compare",
        `${folder.path}/own.json`,
        "--fail-at",
        "b",
        "--store",
        store,
        "--url",
        server.url,
        "--json",
      ];
      const { code, report, stderr } = await runCli(args);
      const errors = stderr.split("\n").filter((line) => line.startsWith("error"));
      expect({ code, errors }).toEqual({ code: 0, errors: [] });
      const [workflow] = report().workflows;
      expect(workflow?.interruptions.map(({ kind, node }) => [kind, node?.id])).toEqual([
        ["failure", "b"],
        ["kill before", "b"],
        ["kill during", "b"],
        ["kill after", "b"],
        ["recovery", "b"],
      ]);
    } finally {
      await server.stop();
    }
  });

  it("kills nothing with --no-kill or --once, and refuses a server without an address", async () => {
    const { report } = await runCli(["compare", "-w", "order-fulfilment", "--no-kill", ...onRedis, "--json"]);
    expect(report().workflows[0]?.interruptions.map(({ kind }) => kind)).toEqual(["failure"]);
    const once = await runCli(["compare", "-w", "order-fulfilment", "--once", ...onRedis, "--json"]);
    expect(once.report().workflows[0]).toMatchObject({ interruptions: [], leftOut: [] });
    const { code, stderr } = await runCli(["compare", "--store", "postgres"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--url");
  });
});
