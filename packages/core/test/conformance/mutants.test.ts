import { conformanceCases, runConformance } from "@waymark/core/conformance";
import { describe, expect, it } from "vitest";
import { casesFor } from "./mutants/cases-for.ts";
import { mutants } from "./mutants/index.ts";
import { harnessOf } from "./mutants/mutant.ts";

describe("mutants of the memory store", () => {
  it("exist for every case of the suite", () => {
    expect(Object.keys(mutants).toSorted()).toEqual(conformanceCases.map(({ id }) => id).toSorted());
  });

  it("pass every case without a fault", async () => {
    const report = await runConformance(harnessOf({ fault: "none" }));
    expect(report.cases.filter(({ status }) => status !== "passed")).toEqual([]);
  });

  it.each(Object.entries(mutants))("%s: the mutant fails this case and at most two others", async (id, mutant) => {
    const report = await runConformance(harnessOf(mutant), { cases: casesFor(id) });
    const failed = report.cases.filter(({ status }) => status === "failed").map((result) => result.id);
    expect(failed).toContain(id);
    expect(failed.length, failed.join(", ")).toBeLessThanOrEqual(3);
  });
});
