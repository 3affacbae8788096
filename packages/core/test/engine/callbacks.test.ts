import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

interface Told {
  name: string;
  calls: number;
  faults: number;
  pruned: number;
  results: { status: string }[];
}

// In a process of its own: Node ends one in which a rejection is handled by nobody.
it("callbacks that throw, reject, or return something hostile change no result and end no process", async () => {
  const script = fileURLToPath(new URL("./hostile-callbacks.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const [quiet, ...hostile] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Told);
  expect(quiet?.results.map(({ status }) => status)).toEqual(["suspended", "completed"]);
  expect(quiet?.calls).toBeGreaterThan(10);
  expect(quiet?.pruned).toBe(1);
  expect(quiet?.faults).toBeGreaterThan(3);
  expect(hostile).toHaveLength(12);
  for (const told of hostile) expect(told).toEqual({ ...quiet, name: told.name });
});
