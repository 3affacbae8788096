import { describe, expect, it } from "vitest";
import { startOwnMongo, startOwnPostgres, startOwnRedis } from "../../../tooling/test-servers/index.ts";
import { canvas, folderWith, runCli } from "./run-cli.ts";

const nothing = { nodes: 0, requests: 0, effects: 0 };

describe("compare with killed processes", () => {
  it("kills before, during and after the effect of a node: V2 repeats no completed node and no effect", async () => {
    await using folder = await folderWith({});
    const args = ["compare", "-w", "order-fulfilment", "--store", "pglite", "--data-dir", folder.path, "--json"];
    const { code, report } = await runCli(args);
    expect(code).toBe(0);
    const { ok, store, dataDir, workflows } = report();
    expect({ ok, store, dataDir }).toEqual({ ok: true, store: "pglite", dataDir: folder.path });
    const kills = workflows[0]?.interruptions.filter(({ kind }) => kind.startsWith("kill")) ?? [];
    expect(kills.map(({ kind }) => kind)).toEqual(["kill before", "kill during", "kill after"]);
    for (const { kind, v1, v2 } of kills) {
      const completed = v1.completedBefore;
      expect(completed).toBeGreaterThan(0);
      expect(v1).toMatchObject({ finished: true, outputEqual: true, completed: { nodes: completed } });
      expect(v2).toMatchObject({ finished: true, outputEqual: true, completed: nothing, completedBefore: completed });
      // The service recognizes the request of the killed node by its key.
      const sentAgain = kind === "kill before" ? 0 : 1;
      expect(v2.interrupted).toEqual({ nodes: 1, requests: sentAgain, effects: 0 });
      expect(v1.interrupted).toEqual({ nodes: 1, requests: sentAgain, effects: sentAgain });
    }
  });

  it.each([
    ["postgres", startOwnPostgres],
    ["redis", startOwnRedis],
    ["mongo", startOwnMongo],
  ])("kills at the node of --fail-at, with checkpoints on a server: %s", async (store, start) => {
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
      ]);
    } finally {
      await server.stop();
    }
  });

  it("kills nothing with --no-kill, and refuses a server without an address", async () => {
    await using folder = await folderWith({});
    const pglite = ["--store", "pglite", "--data-dir", folder.path];
    const { report } = await runCli(["compare", "-w", "order-fulfilment", "--no-kill", ...pglite, "--json"]);
    expect(report().workflows[0]?.interruptions.map(({ kind }) => kind)).toEqual(["failure"]);
    const { code, stderr } = await runCli(["compare", "--store", "postgres"]);
    expect(code).toBe(2);
    expect(stderr).toContain("--url");
  });
});
