import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("./default-logger.ts", import.meta.url));

/** The lines that nodes write on an engine without a logger, by where the process shows them. */
async function shown(env: string | undefined) {
  const { NODE_ENV: _own, ...rest } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [SCRIPT], {
    env: { ...rest, ...(env === undefined ? {} : { NODE_ENV: env }) },
  });
  const levelsIn = (text: string) => [...text.matchAll(/a line of (\w+)/g)].map(([, level]) => level);
  return { stdout: levelsIn(stdout), stderr: levelsIn(stderr), facts: stdout };
}

describe("what nodes write to an engine without a logger", () => {
  it("goes to the console, with the node and the execution", async () => {
    const { stdout, stderr, facts } = await shown(undefined);
    expect([stdout, stderr]).toEqual([
      ["debug", "info"],
      ["warn", "error"],
    ]);
    for (const fact of ["sum: 3", "nodeId: 'a'", "executionId: 'e1'", "userId: 'u1'"]) expect(facts).toContain(fact);
  });

  it("does so in production, too, but for level debug", async () => {
    const { stdout, stderr } = await shown("production");
    expect([stdout, stderr]).toEqual([["info"], ["warn", "error"]]);
  });
});
