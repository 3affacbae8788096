import { describe, expect, it } from "vitest";
import { recordIsIntact } from "../../src/state/check-seal.ts";
import { Seal } from "../../src/state/record-seal.ts";

const counters = { snapshotSeq: 0, checkpointsCount: 0, currentStep: 0, totalSteps: 1 };
const checkpoint = {
  kind: "delta",
  nodeId: "n",
  nodeName: "N",
  visit: 1,
  stepNumber: 1,
  attempt: 1,
  durationMs: 0,
  payload: "[2]",
  timestamp: 0,
} as const;

describe("the checksum of a record", () => {
  it.each([1, 2])("covers the visit: %d", (visit) => {
    const record = { ...checkpoint, visit, seq: 1 };
    const { id } = new Seal("e1", { ...counters, seq: 0 }).next(record, {});
    expect(recordIsIntact(id, record, "e1")).toBe(true);
    expect(recordIsIntact(id, { ...record, visit: visit + 1 }, "e1")).toBe(false);
    expect(recordIsIntact(id, { ...record, visit: 3 - visit }, "e1")).toBe(false);
  });

  it("that was made before there were visits is that of a first one", () => {
    const id = "0f8fad5b-d9cb-469f-a165-70867728950e-9b5523f400000000";
    expect(recordIsIntact(id, { ...checkpoint, payload: "[1]", seq: 1 }, "e1")).toBe(true);
  });
});
