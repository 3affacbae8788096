import { type ExecutionRecord, isWorkflowError } from "@waymark/core";
import { readStoredCheckpoint, readStoredHead } from "@waymark/core/store";
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
  waiting: [{ nodeId: "a", nodeName: "A", visit: 1, since: 5, until: 8, reason: "why" }],
  waitingCount: 1,
  failure: { code: "NODE_FAILED", message: "down" },
  recoveries: 2,
  deadlineAt: 99,
  definitionHash: "h",
  parentId: "p",
  parentNodeId: "n",
  parentVisit: 2,
  forkedFromId: "f",
  forkedFromSeq: 3,
  metadata: { tag: "a" },
  createdAt: 1,
  updatedAt: 2,
  endedAt: 7,
  readAt: 10,
};
const CHECKPOINT = {
  id: "c",
  seq: 1,
  kind: "delta",
  nodeId: "a",
  nodeName: "A",
  visit: 2,
  stepNumber: 1,
  attempt: 1,
  durationMs: 0.5,
  payload: "[1]",
  timestamp: 1,
  error: { code: "NODE_FAILED", message: "down" },
} as const;
const DAMAGE = [
  1n,
  {},
  [],
  Number.NaN,
  -1,
  1.5,
  2 ** 53,
  "",
  "\0{",
  "\ud800",
  "x".repeat(513),
  "9007199254740993",
  true,
];

it("reads a head as it was written, also from numbers and failures in text form", () => {
  expect(readStoredHead(HEAD)).toEqual(HEAD);
  const asText = Object.entries(HEAD).map(([name, value]) => [
    name,
    typeof value === "object" ? JSON.stringify(value) : String(value),
  ]);
  expect(readStoredHead(Object.fromEntries(asText))).toEqual(HEAD);
});

it("omits absent optional fields of a head", () => {
  const { owner, leaseUntil, wakeAt, failure, definitionHash, parentId, endedAt, ...required } = HEAD;
  expect(readStoredHead({ ...required, owner: null, failure: undefined })).toEqual(required);
});

it.each(Object.keys(HEAD) as (keyof typeof HEAD)[])(
  "names %s of a head if it cannot be read, and keeps the rest",
  (name) => {
    for (const value of DAMAGE.filter((each) => !isReadable(name, each))) {
      const { [name]: _damaged, ...others } = HEAD;
      expect(readStoredHead({ ...HEAD, [name]: value })).toMatchObject({ ...others, unreadable: [name] });
    }
  },
);

it("names every required field of a head that is missing", () => {
  const { unreadable } = readStoredHead({});
  expect(unreadable).toContain("status");
  expect(unreadable).toHaveLength(15);
});

it("refuses a checkpoint whose fields cannot be read, and names them", () => {
  expect(readStoredCheckpoint(CHECKPOINT)).toEqual(CHECKPOINT);
  for (const name of Object.keys(CHECKPOINT)) {
    const thrown = attempt(() => readStoredCheckpoint({ ...CHECKPOINT, [name]: {} }));
    expect(isWorkflowError(thrown, "STATE_CORRUPT") && thrown.details).toMatchObject({ unreadable: [name] });
  }
});

/** Returns whether a value is valid: any id, any list, or any plain object. */
function isReadable(name: keyof typeof HEAD, value: unknown): boolean {
  if (name === "waiting") return Array.isArray(value);
  if (name === "metadata") return value?.constructor === Object;
  const isText = typeof HEAD[name] === "string" && name !== "status";
  return isText && value === "9007199254740993";
}

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
