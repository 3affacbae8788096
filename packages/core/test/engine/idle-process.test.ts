import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("a process ends by itself once its engine is drained, whatever listeners and executors did, without an unhandled rejection", async () => {
  const script = fileURLToPath(new URL("./idle-process.ts", import.meta.url));
  // A process that does not end by itself is killed, which fails this; so does one that a rejection ends.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { timeout: 50_000 });
  const ended = stdout.trim().split("\n");
  expect(ended).toHaveLength(2);
  // A call that joins sees the wait, or comes too late for it.
  for (const line of ended) expect(line).toMatch(/^(suspended|completed) failed pending cancelled completed$/);
  expect(stderr).toBe("");
});
