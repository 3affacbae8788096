import { describe, expect, it } from "vitest";
import { runCli } from "./run-cli.ts";

describe("playground swarm", () => {
  it("runs executions over processes that are killed, counts them, and gives the verdict", async () => {
    const { code, stdout, stderr } = await runCli(["swarm", "--workers", "2", "--executions", "40", "--kill"]);
    expect(stdout).toMatch(/^40 executions in .* s: \d+ node runs/);
    expect(stdout).toContain("OK: all completed, and no completed node ran again");
    expect(stderr).toContain("40 of 40 completed");
    expect(code).toBe(0);
  });

  it.each([
    ["--workers", "0"],
    ["--executions", "many"],
    ["--queue", "kafka"],
  ])("refuses %s %s", async (...flags) => {
    expect(await runCli(["swarm", ...flags])).toMatchObject({ code: 2, stdout: "" });
  });
});
