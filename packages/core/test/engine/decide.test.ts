import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beforeNode, type LimitFacts } from "../../src/engine/decide.ts";
import { afterFailure, beforeRetry, resolveRetry, retryDelay } from "../../src/engine/decide-failure.ts";
import { looksBeforeClaim, onJoin, onResume, type ResumeFacts, type Standing } from "../../src/engine/decide-resume.ts";
import { nextLookMs, recoveryPauseMs, recoveryRestMs } from "../../src/engine/pauses.ts";
import { NonRetryableError, RetryAfterError, type RetryPolicy, type WorkflowStatus } from "../../src/index.ts";

const FAILURE = { code: "NODE_FAILED", message: "503" };
const delay = (policy: RetryPolicy, { failures = 1, random = 0, thrown = new Error("503") as unknown } = {}) =>
  retryDelay(resolveRetry(policy, undefined), { failure: FAILURE, thrown, failures, random });

describe("the wait before the next attempt", () => {
  it("is a number of milliseconds from 0 to the policy's longest, for any policy and number of failures", () => {
    const policy = fc.record({
      backoffMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
      backoffFactor: fc.double({ min: 1, max: 1e308, noNaN: true }),
      maxBackoffMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (given, failures, random) => {
          const ms = delay({ ...given, maxAttempts: 1_000_000 }, { failures, random });
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(given.maxBackoffMs);
        },
      ),
    );
  });

  it("of no backoff is 0, however often the node has failed", () => {
    expect(delay({ maxAttempts: 2_000, backoffMs: 0 }, { failures: 1_100 })).toBe(0);
  });

  it("is shorter by a random share of its part jitter; a RetryAfterError's is kept in full, up to a day", () => {
    const policy = { maxAttempts: 9, backoffMs: 1_000, jitter: 0.4 };
    expect(delay(policy, { random: 0 })).toBe(1_000);
    expect(delay(policy, { random: 1 })).toBe(600);
    const asked = (retryAfterMs: number) => new RetryAfterError("429", { retryAfterMs });
    expect(delay(policy, { random: 1, thrown: asked(5) })).toBe(5);
    expect(delay(policy, { random: 1, thrown: asked(1e15) })).toBe(86_400_000);
    expect(delay(policy, { random: 1, thrown: asked(Number.POSITIVE_INFINITY) })).toBe(86_400_000);
    expect(delay(policy, { random: 1, thrown: asked(-5) })).toBe(0);
  });

  it.each([Number.NaN, undefined, "60000", new Date(5)])(
    "is that of the policy after a RetryAfterError of %s, such as of a header that could not be read",
    (retryAfterMs) => {
      const thrown = new RetryAfterError("429", { retryAfterMs: retryAfterMs as never });
      expect(delay({ maxAttempts: 9, backoffMs: 1_000, jitter: 0.4 }, { random: 0, thrown })).toBe(1_000);
    },
  );

  it("is absent after the last attempt, a NonRetryableError, and an error that the policy does not name", () => {
    expect(delay({ maxAttempts: 3 }, { failures: 3 })).toBeUndefined();
    expect(delay({}, {})).toBeUndefined();
    expect(delay({ maxAttempts: 3 }, { thrown: new NonRetryableError("no") })).toBeUndefined();
    expect(delay({ maxAttempts: 3, retryOn: ["ECONNRESET"] })).toBeUndefined();
    expect(delay({ maxAttempts: 3, retryOn: ["NODE_FAILED"] })).toBe(1_000);
  });

  it.each(["NODE_RESULT_INVALID", "INPUT_INVALID", "NESTING_LIMIT", "WORKFLOW_CONTAINS_ITSELF"])(
    "is absent after %s, which another attempt cannot mend",
    (code) => {
      const policy = resolveRetry({ maxAttempts: 3 }, undefined);
      const failed = { thrown: new Error("x"), failures: 1, random: 0 };
      expect(retryDelay(policy, { ...failed, failure: { ...FAILURE, code } })).toBeUndefined();
      expect(retryDelay(policy, { ...failed, failure: FAILURE })).toBe(1_000);
    },
  );
});

describe("before a node", () => {
  const LIMITS: LimitFacts = { interruption: undefined, isStopping: false, elapsedMs: 0, budgetMs: undefined };
  const facts = { ...LIMITS, hasNext: true, isWaiting: false };

  it.each<[string, Partial<typeof facts>, string]>([
    ["a ready node runs", {}, "run"],
    ["a lost lease goes before anything else", { interruption: "lost", hasNext: false }, "lost"],
    [
      "nothing ready and nothing waiting completes, also when time is up",
      { hasNext: false, interruption: "timeout" },
      "complete",
    ],
    ["nothing ready and a wait suspends", { hasNext: false, isWaiting: true }, "suspend"],
    ["a timeout fails", { interruption: "timeout" }, "fail"],
    ["an abort stops", { interruption: "aborted" }, "stop"],
    ["a draining engine stops", { isStopping: true }, "stop"],
    ["a spent budget stops", { budgetMs: 0 }, "stop"],
    ["a budget that is left runs", { budgetMs: 1 }, "run"],
  ])("%s", (_what, given, expected) => {
    expect(beforeNode({ ...facts, ...given })).toBe(expected);
  });

  it.each<[string, Partial<LimitFacts & { holdMs: number }>, string]>([
    ["is waited for without limits", {}, "wait"],
    ["is not waited for beyond the hold", { holdMs: 99 }, "stop"],
    ["is waited for within it", { holdMs: 100 }, "wait"],
    ["is not waited for beyond the budget", { budgetMs: 100 }, "stop"],
    ["is waited for within it", { budgetMs: 101 }, "wait"],
    ["is not waited for by a draining engine", { isStopping: true }, "stop"],
    ["is not waited for after an abort", { interruption: "aborted" }, "stop"],
    ["fails after a timeout", { interruption: "timeout" }, "fail"],
    ["is another owner's after the loss of the lease", { interruption: "lost", isStopping: true }, "lost"],
  ])("an attempt that is due in 100 ms %s: %o", (_what, given, expected) => {
    expect(beforeRetry({ ...LIMITS, waitMs: 100, holdMs: Number.POSITIVE_INFINITY, ...given })).toBe(expected);
  });

  it.each([
    [undefined, 10, "retry"],
    [undefined, undefined, "fail"],
    ["timeout", 10, "fail"],
    ["aborted", undefined, "cut off"],
    ["aborted", 10, "cut off"],
    ["lost", 10, "lost"],
  ] as const)("a failed one with interruption %s and next wait %s is: %s", (interruption, delayMs, expected) => {
    expect(afterFailure({ interruption, delayMs })).toBe(expected);
  });
});

describe("a resume", () => {
  const NOTHING: Standing = {
    ...{ status: "suspended", next: undefined, retryInMs: 0 },
    ...{ waiting: [], hasTimedOut: false, answered: [] },
  };
  const CALL: ResumeFacts = { nodeId: undefined, hasData: false, holdMs: Number.POSITIVE_INFINITY };
  const answers = { ...CALL, hasData: true };

  it.each<[string, Partial<Standing>, Partial<ResumeFacts>, object]>([
    ["leaves waits alone", { waiting: ["a"] }, {}, { what: "rest" }],
    ["that names a waiting node leaves it alone too", { waiting: ["a"] }, { nodeId: "a" }, { what: "rest" }],
    ["that names another node is refused", { waiting: ["a"] }, { nodeId: "b" }, { what: "refuse" }],
    ["runs a wait whose time is over", { hasTimedOut: true }, {}, { what: "run" }],
    ["runs what is ready beside a wait", { status: "failed", next: "b", waiting: ["a"] }, {}, { what: "run" }],
    ["runs what has an answer", { status: "failed", next: "a", answered: ["a"] }, {}, { what: "run" }],
    [
      "leaves an attempt alone that is due later",
      { status: "pending", next: "a", retryInMs: 9 },
      { holdMs: 8 },
      { what: "rest" },
    ],
    ["waits for one that is due soon", { status: "pending", next: "a", retryInMs: 9 }, { holdMs: 9 }, { what: "run" }],
    ["answers the only node that waits", { waiting: ["a"] }, answers, { what: "answer", nodeId: "a" }],
    [
      "answers one of several by name",
      { waiting: ["a", "b"] },
      { ...answers, nodeId: "b" },
      { what: "answer", nodeId: "b" },
    ],
    ["must name one of several", { waiting: ["a", "b"] }, answers, { what: "name a node" }],
    [
      "replaces the kept answer",
      { status: "failed", next: "a", answered: ["a"] },
      answers,
      { what: "answer", nodeId: "a" },
    ],
    ["that answers what does not wait is refused", { status: "failed", next: "a" }, answers, { what: "refuse" }],
    ["that answers another node is refused", { waiting: ["a"] }, { ...answers, nodeId: "b" }, { what: "refuse" }],
    [
      "must name a node if one waits and another has a kept answer",
      { status: "failed", next: "a", waiting: ["b"], answered: ["a"] },
      answers,
      { what: "name a node" },
    ],
  ])("%s", (_what, standing, call, expected) => {
    expect(onResume({ ...NOTHING, ...standing }, { ...CALL, ...call })).toEqual(expected);
  });

  it.each<[WorkflowStatus, object, boolean]>([
    ["suspended", {}, true],
    ["failed", {}, false],
    ["failed", { hasData: true }, true],
    ["failed", { nodeId: "a" }, true],
    ["pending", { wakeAt: 11 }, true],
    ["pending", { wakeAt: 10 }, false],
    ["running", {}, false],
  ])("of one that is %s, with %o, looks before it claims: %s", (status, given, expected) => {
    const facts = { status, nodeId: undefined, hasData: false, wakeAt: undefined, now: 10 };
    expect(looksBeforeClaim({ ...facts, ...given })).toBe(expected);
  });
});

describe("a call that joins an execution", () => {
  it.each<[WorkflowStatus, string, string]>([
    ["completed", "recorded", "recorded"],
    ["cancelled", "recorded", "recorded"],
    ["suspended", "recorded", "recorded"],
    ["failed", "recorded", "resume"],
    ["pending", "wait", "resume"],
    ["running", "wait", "wait"],
  ])("that is %s: %s, or with resume: %s", (status, join, resume) => {
    expect(onJoin({ status, resumes: false, leaseExpired: false })).toBe(join);
    expect(onJoin({ status, resumes: true, leaseExpired: false })).toBe(resume);
  });

  it("whose owner has died takes it over", () => {
    expect(onJoin({ status: "running", resumes: false, leaseExpired: true })).toBe("resume");
  });
});

describe("pauses", () => {
  it("between looks grow from 250 ms to 5 s, and those of a recovery to ten minutes", () => {
    expect([0, 1, 2, 100].map(nextLookMs)).toEqual([250, 375, 562.5, 5_000]);
    expect([0, 0.5, 1].map((random) => recoveryRestMs(5_000, random))).toEqual([5_000, 5_250, 5_500]);
    expect([0, 1].map((random) => recoveryRestMs(100, random))).toEqual([100, 110]);
    expect(recoveryRestMs(60_000, 1)).toBe(60_500);
    expect([1, 2, 3, 1_000].map((tries) => recoveryPauseMs(tries, 5_000))).toEqual([10_000, 20_000, 40_000, 600_000]);
  });
});
