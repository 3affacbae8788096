import { type ExecutionRecord, isWorkflowError, readStoredCheckpoint, readStoredHead } from "@waymark/core";
import { expect, it } from "vitest";

const HEAD: Required<Omit<ExecutionRecord, "unreadable">> = {
  id: "e",
  workflowId: "w",
  userId: "u",
  status: "running",
  version: 3,
  token: 2,
  seq: 3,
  snapshotSeq: 0,
  firstSeq: 0,
  checkpointsCount: 3,
  currentStep: 3,
  totalSteps: 4,
  owner: "o",
  leaseUntil: 9,
  wakeAt: 8,
  failure: { code: "NODE_FAILED", message: "down" },
  definitionHash: "h",
  parentId: "p",
  createdAt: 1,
  updatedAt: 2,
  endedAt: 7,
};
const CHECKPOINT = {
  id: "c",
  seq: 1,
  kind: "delta",
  nodeId: "a",
  nodeName: "A",
  stepNumber: 1,
  attempt: 1,
  durationMs: 0.5,
  payload: "[1]",
  timestamp: 1,
  error: { code: "NODE_FAILED", message: "down" },
} as const;
const DAMAGE = [1n, {}, [], Number.NaN, -1, 1.5, 2 ** 53, "", "\0{", "9007199254740993", true];

it("reads a head as it was written, numbers and failures also from text", () => {
  expect(readStoredHead(HEAD)).toEqual(HEAD);
  const asText = Object.entries(HEAD).map(([name, value]) => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  expect(readStoredHead(Object.fromEntries(asText))).toEqual(HEAD);
});

it("leaves absent optional fields of a head out", () => {
  const { owner, leaseUntil, wakeAt, failure, definitionHash, parentId, endedAt, ...required } = HEAD;
  expect(readStoredHead({ ...required, owner: null, failure: undefined })).toEqual(required);
});

it.each(Object.keys(HEAD) as (keyof typeof HEAD)[])(
  "names %s of a head if it cannot be read, and keeps the rest",
  (name) => {
    const isText = ["id", "workflowId", "userId", "owner", "definitionHash", "parentId"].includes(name);
    for (const value of DAMAGE.filter((each) => !isText || typeof each !== "string" || each === "")) {
      const { [name]: _damaged, ...others } = HEAD;
      expect(readStoredHead({ ...HEAD, [name]: value })).toMatchObject({ ...others, unreadable: [name] });
    }
  },
);

it("names every required field of a head that is missing", () => {
  const { unreadable } = readStoredHead({});
  expect(unreadable).toContain("status");
  expect(unreadable).toHaveLength(14);
});

it("refuses a checkpoint whose fields cannot be read, and names them", () => {
  expect(readStoredCheckpoint(CHECKPOINT)).toEqual(CHECKPOINT);
  for (const name of Object.keys(CHECKPOINT)) {
    const thrown = attempt(() => readStoredCheckpoint({ ...CHECKPOINT, [name]: {} }));
    expect(isWorkflowError(thrown, "STATE_CORRUPT") && thrown.details).toMatchObject({ unreadable: [name] });
  }
});

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
