import { expect, it } from "vitest";
import type { ClaimRequest, ExecutionRecord, NewCheckpoint, WorkflowError } from "../../src/index.ts";
import { alreadyExists, claimRefusal, commitRefusal, createdHead, notFound } from "../../src/store/index.ts";

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
