import { expect, it } from "vitest";
import { formatRolloutReport, type RolloutOutcome, type RunOutcome, report } from "../../src/migration/index.ts";

const run = (part: Partial<RunOutcome>): RunOutcome => ({
  ...{ kind: "run", at: "2026-01-01T00:00:00.000Z", executor: "v1", reason: "percent", workflowId: "orders" },
  ...{ userId: "u1", success: true, durationMs: 10 },
  ...part,
});
const shadow = { kind: "shadow", workflowId: "orders", userId: "u1", liveNodes: 1, recordedNodes: 1 } as const;
const difference = { kind: "context", nodeId: "sum", path: "total", v1: "5", v2: "6" } as const;
const times = { recordingMs: 1, durationMs: 2 };

const OUTCOMES: RolloutOutcome[] = [
  ...Array.from({ length: 100 }, (_, i) => run({ durationMs: i + 1, userId: `u${i % 3}` })),
  run({ success: false, failure: { code: "V1", message: "timeout" }, durationMs: 50 }),
  run({
    ...{ executor: "v2", status: "completed", at: "2026-01-02T00:00:00.000Z" },
    nodes: [{ nodeId: "sum", nodeType: "sum", runs: 2, durationMs: 8 }],
    checkpoints: { count: 2, bytes: 300, durationMs: 4 },
  }),
  run({
    ...{ executor: "v2", status: "completed", reason: "continued" },
    nodes: [{ nodeId: "sum", nodeType: "sum", runs: 1, durationMs: 6 }],
    checkpoints: { count: 1, bytes: 300, durationMs: 2 },
    saved: { nodes: 3, durationMs: 700 },
  }),
  run({ executor: "v2", status: "failed", success: false, failure: { code: "NODE_FAILED", message: "503" } }),
  run({ executor: "v2", status: "suspended", success: false }),
  run({ workflowId: "mail", reason: "override" }),
  { ...shadow, ...times, at: "2026-01-01T10:00:00.000Z", result: "equal", varying: ["at"] },
  { ...shadow, ...times, at: "2026-01-01T12:00:00.000Z", result: "different", difference: { ...difference, v2: "7" } },
  { ...shadow, ...times, at: "2026-01-01T11:00:00.000Z", result: "different", difference },
  { ...shadow, ...times, at: "2026-01-01T10:00:00.000Z", result: "skipped", reason: "too-large" },
  { kind: "direct", at: "2026-01-01T10:00:00.000Z", nodeType: "http", caller: "GET (app/old/route.ts:3:1)" },
  { kind: "stop", at: "2026-01-01T13:00:00.000Z", limit: "mismatches", value: 2, allowed: 2 },
];

it("a report adds up runs, comparisons, callers and stops, by executor and workflow", () => {
  const summary = report(OUTCOMES);
  expect(summary).toMatchObject({
    ...{ from: "2026-01-01T00:00:00.000Z", to: "2026-01-02T00:00:00.000Z", unreadable: 0 },
    v1: { runs: 102, successes: 101, failures: { V1: 1 }, reasons: { percent: 101, override: 1 } },
    v2: {
      ...{ runs: 4, successes: 2, unfinished: 1, failures: { NODE_FAILED: 1 } },
      checkpoints: { count: 3, bytesEach: 200, msEach: 2 },
      saved: { resumes: 1, nodes: 3, durationMs: 700 },
      nodes: [{ nodeId: "sum", nodeType: "sum", runs: 3, durationMs: { p50: 4, p95: 6, p99: 6 } }],
    },
    shadow: {
      ...{ equal: 1, different: 2, skipped: { "too-large": 1 }, varying: { at: 1 } },
      mismatches: [{ ...difference, v2: "7", workflowId: "orders", count: 2, at: "2026-01-01T12:00:00.000Z" }],
    },
    v1Callers: {
      workflows: [
        { workflowId: "orders", calls: 101 },
        { workflowId: "mail", calls: 1 },
      ],
      direct: [{ caller: "GET (app/old/route.ts:3:1)", calls: 1 }],
    },
    stops: [{ limit: "mismatches" }],
  });
  expect(summary.workflows.map(({ workflowId, v1, v2 }) => [workflowId, v1?.runs, v2?.runs])).toEqual([
    ["mail", 1, undefined],
    ["orders", 101, 4],
  ]);
  const hundred = report(OUTCOMES.slice(0, 100));
  expect(hundred.v1.durationMs).toEqual({ p50: 50, p95: 95, p99: 99 });
});

it("a report is pure: it is JSON, does not depend on the order, and leaves the outcomes as they were", () => {
  const before = structuredClone(OUTCOMES);
  const summary = report(OUTCOMES);
  expect(OUTCOMES).toEqual(before);
  expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  const { mismatches, ...shadows } = report([...OUTCOMES].reverse()).shadow;
  expect(mismatches).toEqual(summary.shadow.mismatches);
  expect(shadows).toMatchObject({ equal: 1, different: 2 });
  expect(report(JSON.parse(JSON.stringify(OUTCOMES)))).toEqual(summary);
});

it("a report counts values that are no outcomes, and can be of nothing", () => {
  const odd = [
    null,
    1,
    "x",
    {},
    { kind: "run" },
    { kind: "run", at: "now", executor: "v3" },
    { kind: "other", at: "x" },
  ];
  expect(report(odd as unknown as RolloutOutcome[])).toMatchObject({ unreadable: odd.length, v1: { runs: 0 } });
  expect(formatRolloutReport(report([]))).toContain("no outcomes");
});

it("the text of a report names what there is to decide by", () => {
  const text = formatRolloutReport(report(OUTCOMES));
  for (const part of [
    "runs                                                   102                       4",
    "successes                                     101 (99.0 %)              2 (50.0 %)",
    "failures: NODE_FAILED                                    0                       1",
    "per checkpoint                                           -         2 ms, 200 bytes",
    "saved by them                                0 nodes, 0 ms         3 nodes, 700 ms",
    "Compared with V2: 3 runs of V1, 2 different",
    '2 × "orders": context at node "sum", total: V1 "5", V2 "7"',
    "Left out: too-large 1",
    "Workflows: orders 101, mail 1",
    '1 × beside the rollout: "GET (app/old/route.ts:3:1)"',
    "Stopped at 2026-01-01T13:00:00.000Z: mismatches was 2, the limit is 2",
  ]) {
    expect(text).toContain(part);
  }
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
});

it.each([
  ["rows that were not awaited", Promise.resolve(OUTCOMES), "not a Promise: await it"],
  ["nothing", undefined, "but is missing"],
  ["JSON", JSON.stringify(OUTCOMES), "not a string"],
  ["the result of a query", { rows: OUTCOMES }, "not an object"],
])("a report of %s is refused with the mistake and the cure", (_what, given, mistake) => {
  expect(() => report(given as never)).toThrow(
    expect.objectContaining({
      code: "INVALID_ARGUMENT",
      message: expect.stringMatching(new RegExp(`report: outcomes: must be an iterable, such as an array.*${mistake}`)),
    }),
  );
});
