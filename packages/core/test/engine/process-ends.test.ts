import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("calls in which something never settles end with their limits, and leave nothing that keeps the process alive", async () => {
  const script = fileURLToPath(new URL("./hanging-runs.ts", import.meta.url));
  // A process that does not end by itself is killed, which fails this.
  const { stdout } = await promisify(execFile)(process.execPath, [script], { timeout: 50_000 });
  const ended = stdout.trim().split("\n");
  const limits = ["timeoutMs", "budgetMs", "signal"];
  expect(ended.sort()).toEqual(
    [
      ...["executors", "workflows", "the store, at a commit", "the store, at a creation"].flatMap((hang) =>
        limits.map((limit) => `${hang}: ${limit}`),
      ),
      "an executor: timeoutMs",
      "an executor: signal",
    ].sort(),
  );
});
