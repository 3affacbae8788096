import {
  type ConformanceHarness,
  conformanceCases,
  describeCheckpointStore,
  formatReport,
  runConformance,
} from "@waymark/core/conformance";
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

it("reports the cases about old definitions as skipped if the harness cannot make definitions look older", async () => {
  const { success, cases: results } = await runConformance(harness, { cases });
  expect(success).toBe(true);
  expect(results.filter(({ status }) => status === "passed").map(({ id }) => id)).toEqual(["definitions/young"]);
  for (const { status, reason } of results.slice(1)) {
    expect({ status, reason }).toEqual({ status: "skipped", reason: expect.stringContaining("agesDefinitions: true") });
  }
});

it("fails those cases with the reason if the harness declares agesDefinitions without ageDefinitions", async () => {
  const report = await runConformance({ ...harness, agesDefinitions: true }, { cases });
  expect(report.failed).toBe(cases.length - 1);
  expect(report.cases.at(-1)?.reason).toContain("ageDefinitions(ms)");
});

const wrongCalls: [what: string, call: (...given: never[]) => unknown, given: unknown[], message: RegExp][] = [
  ["describeCheckpointStore without a runner", describeCheckpointStore, [undefined, harness], /describe, it.*missing/],
  ["describeCheckpointStore with the harness first", describeCheckpointStore, [harness], /describe, it.*not an object/],
  ["describeCheckpointStore with `it` only", describeCheckpointStore, [it, harness], /describe, it.*not a function/],
  ["formatReport of what was not awaited", formatReport, [Promise.resolve({})], /a Promise: await it/],
  ["formatReport of nothing", formatReport, [], /runConformance/],
];

it.each(wrongCalls)("%s is refused with the mistake and the cure", (_what, call, given, message) => {
  expect(() => call(...(given as never[]))).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringMatching(message) }),
  );
});
