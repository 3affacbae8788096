import { conformanceCases, runConformance } from "@waymark/core/conformance";
import { describe, expect, it } from "vitest";
import { CASE_OF_FIELD } from "../../src/conformance/fields/index.ts";
import { casesFor } from "./mutants/cases-for.ts";
import { losing } from "./mutants/lost-fields.ts";
import { harnessOf } from "./mutants/mutant.ts";

const FIELDS = Object.entries(CASE_OF_FIELD).flatMap(([request, fields]) =>
  Object.entries<string>(fields).map(([field, id]) => ({ request: request as keyof typeof CASE_OF_FIELD, field, id })),
);

/** Fields on which other promises depend: identity, fencing, status, times and pages. More cases find their loss. */
const BUILT_UPON = new Set(
  Object.entries({
    create:
      "id workflowId userId status leaseMs parentId metadata definitionHash createdAt deadlineMs wakeAt failure checkpoint",
    claim: "claimId owner leaseMs from force cancel",
    commit: "commitId token version checkpoints head leaseMs dropBefore",
    head: "status currentStep wakeAt wakeInMs waiting waitingCount endedAt definitionHash",
    checkpoint: "id kind payload",
    list: "workflowId userId parentId createdBefore status due leaseExpired cursor limit order",
    delete: "id version",
  }).flatMap(([request, fields]) => fields.split(" ").map((field) => `${request} ${field}`)),
);

it("the suite has a case for every field", () => {
  const ids = conformanceCases.map((one) => one.id);
  expect(FIELDS.filter(({ id }) => !ids.includes(id))).toEqual([]);
});

describe("a store that loses one field of one request", () => {
  it.each(FIELDS)("fails $id if it loses $field of $request", async ({ request, field, id }) => {
    const report = await runConformance(harnessOf(losing(request, field)), { cases: casesFor(id) });
    const failed = report.cases.filter(({ status }) => status === "failed").map((one) => one.id);
    expect(failed).toContain(id);
    if (!BUILT_UPON.has(`${request} ${field}`)) expect(failed.length, failed.join(", ")).toBeLessThanOrEqual(3);
  });
});
