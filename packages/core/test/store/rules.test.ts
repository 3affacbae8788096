import { expect, it } from "vitest";
import type { ClaimRequest, ExecutionRecord, NewCheckpoint, WorkflowError } from "../../src/index.ts";
import {
  alreadyExists,
  bringsSnapshot,
  claimRefusal,
  commitRefusal,
  createdHead,
  MAX_COUNTER,
  notFound,
  selectedNumbers,
} from "../../src/store/index.ts";

const CONTROLS = Array.from({ length: 33 }, (_, code) => String.fromCharCode(code === 32 ? 127 : code)).join("");
const HOSTILE_IDS = [`a${CONTROLS}\u2028\u202eb`, "x".repeat(20_000_000), '"\\'];

const checkpoint: NewCheckpoint = {
  ...{ id: "c", kind: "snapshot", nodeId: "", nodeName: "", visit: 1, stepNumber: 0, attempt: 0 },
  ...{ durationMs: 0, payload: "{}", timestamp: 0 },
};
const claim: ClaimRequest = { claimId: "k", owner: "p", leaseMs: 1, from: ["running"] };

it.each(HOSTILE_IDS)("quotes an id on one line and with bounded length in every refusal (id %#)", (id) => {
  const head: ExecutionRecord = createdHead(
    {
      id,
      workflowId: "w",
      userId: "u",
      status: "running",
      currentStep: 0,
      totalSteps: 0,
      owner: id,
      leaseMs: 9,
      checkpoint,
    },
    1,
    5,
  );
  const commit = { commitId: "m", token: 1, version: 0 };
  const refusals: (WorkflowError | undefined)[] = [
    notFound(id),
    alreadyExists(id),
    claimRefusal(id, undefined, claim, 5),
    claimRefusal(id, head, claim, 5),
    claimRefusal(id, head, { ...claim, from: ["failed"] }, 5),
    commitRefusal(id, head, { ...commit, token: 0 }),
    commitRefusal(id, head, { ...commit, version: 1 }),
    commitRefusal(id, { ...head, status: "failed" }, commit),
  ];
  for (const refusal of refusals) {
    expect(refusal?.message).toMatch(/^[^\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]{1,600}$/u);
    expect(refusal?.executionId).toBe(id);
  }
});

it("names each status of a claim once in the refusal, even if the request repeats it", () => {
  const head = createdHead(
    { id: "e", workflowId: "w", userId: "u", status: "failed", currentStep: 0, totalSteps: 0, checkpoint },
    1,
    5,
  );
  const from = Array.from({ length: 100_000 }, () => "running" as const);
  expect(claimRefusal("e", head, { ...claim, from }, 5)?.message.length).toBeLessThan(200);
});

it("refuses a claim and a commit if fields of the head cannot be read", () => {
  const head: ExecutionRecord = {
    ...createdHead(
      { id: "e", workflowId: "w", userId: "u", status: "pending", currentStep: 0, totalSteps: 0, checkpoint },
      1,
      5,
    ),
    unreadable: ["seq", "status"],
  };
  const refusals = [
    claimRefusal("e", head, { ...claim, from: ["pending"], force: true }, 5),
    commitRefusal("e", head, { commitId: "m", token: 1, version: 0 }),
  ];
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({ code: "STATE_CORRUPT", details: { unreadable: ["seq", "status"] } });
  }
});

const pending = createdHead(
  { id: "e", workflowId: "w", userId: "u", status: "pending", currentStep: 0, totalSteps: 0, checkpoint },
  1,
  5,
);
const fromPending: ClaimRequest = { ...claim, from: ["pending"] };

it.each(["version", "seq", "checkpointsCount"] as const)(
  "a head whose %s cannot rise by a whole commit is damaged: it can be neither claimed nor committed to",
  (name) => {
    for (const [value, code] of [
      [MAX_COUNTER, undefined],
      [MAX_COUNTER + 1, "STATE_CORRUPT"],
    ] as const) {
      const head = { ...pending, [name]: value };
      expect(claimRefusal("e", head, fromPending, 5)?.code).toBe(code);
      expect(commitRefusal("e", head, { commitId: "m", token: 1, version: head.version })?.code).toBe(code);
    }
  },
);

it.each(["token", "recoveries"] as const)("a head whose %s cannot rise cannot be claimed", (name) => {
  const head = { ...pending, [name]: Number.MAX_SAFE_INTEGER };
  expect(claimRefusal("e", head, fromPending, 5)?.code).toBe("STATE_CORRUPT");
  expect(commitRefusal("e", head, { commitId: "m", token: head.token, version: 0 })).toBeUndefined();
});

it("a lost lease is the reason even if a counter cannot rise", () => {
  const head = { ...pending, version: Number.MAX_SAFE_INTEGER };
  expect(commitRefusal("e", head, { commitId: "m", token: 0, version: 0 })?.code).toBe("LEASE_LOST");
});

it("a commit brings the snapshot that dropBefore names only if that record is its own and a snapshot", () => {
  const request = { commitId: "m", token: 1, version: 0, checkpoints: [checkpoint, { ...checkpoint, kind: "delta" }] };
  const brought = [4, 5, 6, 7, undefined].map((dropBefore) =>
    bringsSnapshot({ seq: 4 }, { ...request, ...(dropBefore !== undefined && { dropBefore }) } as never),
  );
  expect(brought).toEqual([false, true, false, false, false]);
});

it.each([
  [
    { from: 0, to: 99, order: "asc" },
    { first: 3, last: 7 },
  ],
  [
    { from: 5, to: 6, order: "desc" },
    { first: 5, last: 6 },
  ],
  [
    { from: 0, to: 99, limit: 2, order: "asc" },
    { first: 3, last: 4 },
  ],
  [
    { from: 0, to: 99, limit: 2, order: "desc" },
    { first: 6, last: 7 },
  ],
] as const)("the range %j of the records 3 to 7 is %j", (range, numbers) => {
  expect(selectedNumbers({ firstSeq: 3, seq: 7 }, range)).toEqual(numbers);
});

it.each([
  { from: 0, to: 2, order: "asc" },
  { from: 8, to: 99, order: "desc" },
  { from: 6, to: 5, order: "asc" },
  { from: 0, to: 99, limit: 0, order: "desc" },
] as const)("the range %j selects none of the records 3 to 7", (range) => {
  const { first, last } = selectedNumbers({ firstSeq: 3, seq: 7 }, range);
  expect(first).toBeGreaterThan(last);
});
