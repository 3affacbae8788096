import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

// In a process of its own: Node ends one in which a rejection is handled by nobody.
it("a promise in what a node returns or throws fails the node, and its rejection ends no process", async () => {
  const script = fileURLToPath(new URL("./forgotten-awaits.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const lines = stdout.trim().split("\n");
  const told = lines.map((line) => JSON.parse(line) as [string, string]);
  expect(told).toHaveLength(13);
  const codes = told.splice(-2).map(([, code]) => code);
  expect(codes).toEqual(["STATE_NOT_SERIALIZABLE", "INVALID_ARGUMENT"]);
  for (const [what, status] of told) expect([what, status]).toEqual([what, "failed"]);
});
