import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const PROGRAM = fileURLToPath(new URL("../../benchmarks/in-flight-heap.ts", import.meta.url));

it("executions in flight take a heap that grows no faster than their number, and those asleep take none", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", PROGRAM, "300", "3000", "--json"]);
  const { toLinear, keptPerSleeping } = JSON.parse(stdout);
  expect(toLinear).toBeLessThan(1.2);
  // What the engine itself takes, divided by the number of executions.
  expect(keptPerSleeping).toBeLessThan(100);
}, 120_000);
