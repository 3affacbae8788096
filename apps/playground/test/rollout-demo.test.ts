import { expect, it } from "vitest";
import { runRolloutDemo } from "../src/rollout/rollout-demo.ts";

it("the demo finds the bug, stops, and takes every user to V2 without an order that is charged twice", async () => {
  const lines: string[] = [];
  const result = await runRolloutDemo((line) => lines.push(line));
  expect(result).toMatchObject({
    ok: true,
    phases: [
      { name: "compare", v1: 40, v2: 0, stopped: "mismatches" },
      { name: "stopped", v1: 40, v2: 0, stopped: "mismatches" },
      { name: "10 %" },
      { name: "50 %" },
      { name: "100 %", v1: 0, v2: 40 },
    ],
    rows: { failed: 0 },
    wrongCharges: [],
    report: {
      v2: { failures: { NODE_FAILED: 1 }, saved: { resumes: 1, nodes: 3 } },
      shadow: {
        mismatches: [{ kind: "context", workflowId: "order", nodeId: "discount", path: "discount", v1: "10", v2: "0" }],
        skipped: {},
        varying: { "receipt.number": expect.any(Number), "receipt.at": expect.any(Number) },
      },
      v1Callers: { direct: [] },
    },
  });
  const [, , ten, half] = result.phases.map(({ v2 }) => v2);
  // The same users, and more of them.
  expect(ten).toBeGreaterThan(0);
  expect(half).toBeGreaterThan(ten as number);
  expect(lines.join("\n")).toContain("The caller tries again, with the same id.");
});
