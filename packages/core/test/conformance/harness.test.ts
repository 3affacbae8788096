import { type ConformanceHarness, conformanceCases, runConformance } from "@waymark/core/conformance";
import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";

const cases = conformanceCases.filter(({ id }) => id.startsWith("definitions/"));
const harness: ConformanceHarness = {
  name: "memory",
  capabilities: MemoryCheckpointStore.capabilities,
  open: async () => {
    const store = new MemoryCheckpointStore();
    return { store, reopen: async () => store.reopen(), close: () => store.close() };
  },
};

it("skips by name what needs definitions to look older, if the harness cannot do that", async () => {
  const { success, cases: results } = await runConformance(harness, { cases });
  expect(success).toBe(true);
  expect(results.filter(({ status }) => status === "passed").map(({ id }) => id)).toEqual(["definitions/young"]);
  for (const { status, reason } of results.slice(1)) {
    expect({ status, reason }).toEqual({ status: "skipped", reason: expect.stringContaining("agesDefinitions: true") });
  }
});

it("fails those cases, and says why, if a harness promises it and has no way to do it", async () => {
  const report = await runConformance({ ...harness, agesDefinitions: true }, { cases });
  expect(report.failed).toBe(cases.length - 1);
  expect(report.cases.at(-1)?.reason).toContain("ageDefinitions(ms)");
});
