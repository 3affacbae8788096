import { describe, expect, it } from "vitest";
import { rangeOf, type SpanRecord, spansOf } from "../src/page/execution/spans.ts";
import { type StateFields, stateOf } from "../src/page/state-of.ts";

const NOW = Date.parse("2026-11-01T10:00:00Z");
const at = (seconds: number) => new Date(NOW + 1_000 * seconds).toISOString();

function state(fields: Partial<StateFields>): string {
  const { label, detail } = stateOf({ status: "running", readAt: at(0), recoveries: 0, ...fields }, NOW);
  return detail === undefined ? label : `${label}: ${detail}`;
}

describe("the state of an execution in words", () => {
  it.each<[Partial<StateFields>, string]>([
    [{ leaseUntil: at(20) }, "Running"],
    [{ leaseUntil: at(20), recoveries: 2 }, "Running: taken over 2 times after a crash"],
    [{ leaseUntil: at(-40) }, "Owner lost: owner lost 40 s ago; the next recovery takes it over"],
    [{ status: "pending" }, "Not due: has to be resumed by hand"],
    [{ status: "pending", wakeAt: at(-1) }, "Due: waits for a process that runs it"],
    [{ status: "pending", wakeAt: at(90) }, "Pending: due in 1 min 30 s"],
    [
      { status: "pending", wakeAt: at(5), failure: { code: "NODE_FAILED", message: "busy" } },
      "Retrying: next attempt in 5 s: busy",
    ],
    [{ status: "suspended", waiting: [{ nodeName: "Ask" }] }, "Waiting: for an answer to Ask"],
    [
      { status: "suspended", waiting: [{ nodeName: "Ask", reason: "approval" }], waitingCount: 3 },
      "Waiting: approval and 2 more",
    ],
    [{ status: "suspended", waiting: [{ nodeName: "Nap", until: at(3600) }] }, "Sleeping: Nap sleeps, 1 h left"],
    [{ status: "suspended", waiting: [{ nodeName: "Nap", until: at(-1) }] }, "Sleeping: Nap sleeps, time is over"],
    [{ status: "failed", failure: { code: "NODE_FAILED", message: "no" } }, "Failed: no"],
    [{ status: "completed", unreadable: ["metadata"] }, "Unreadable: damaged: metadata"],
  ])("of %j is %j", (fields, expected) => {
    expect(state(fields)).toBe(expected);
  });
});

describe("the spans of a waterfall", () => {
  const record = (seq: number, fields: Partial<SpanRecord>): SpanRecord => ({
    ...{ seq, kind: "delta", nodeId: "a", nodeName: "A", visit: 1, attempt: 1, durationMs: 0, timestamp: at(seq) },
    ...fields,
  });

  it("end a wait with its answer, and an open one now", () => {
    const wait = (seq: number, visit: number) =>
      record(seq, { kind: "save", waits: [{ nodeId: "a", visit, since: at(seq) }] });
    const answer = record(2, { kind: "save", answers: [{ nodeId: "a", visit: 1, timedOut: false }] });
    const spans = spansOf([wait(4, 2), record(3, {}), answer, wait(1, 1)], NOW + 60_000);
    expect(spans.map(({ kind, toMs, fromMs }) => [kind, (toMs - fromMs) / 1_000])).toEqual([
      ["wait", 56],
      ["node", 0],
      ["answer", 0],
      ["wait", 1],
    ]);
  });

  it("show an attempt that failed, and one that a crash has cut off", () => {
    const records = [
      record(3, { kind: "save", begun: [{ nodeId: "a", attempt: 3 }], nodeId: "" }),
      record(2, { kind: "error", attempt: 2, durationMs: 500, error: { message: "down" }, retryAt: at(3) }),
      record(0, { kind: "snapshot", nodeId: "" }),
    ];
    const spans = spansOf(records, NOW, new Map([["a", "Node A"]]));
    expect(spans.map(({ kind, title, note }) => [kind, title, note])).toEqual([
      ["crash", "Node A begins again", "attempt 3, after a crash had cut off the one before"],
      ["error", "Node A", "attempt 2 · down · tried again"],
      ["start", "Start", undefined],
    ]);
    expect(rangeOf(spans)).toEqual({ fromMs: NOW, toMs: NOW + 3_000 });
  });
});
