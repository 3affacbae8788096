import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRolloutReport, type RolloutOutcome, report } from "../../src/migration/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const RUN = {
  ...{ kind: "run", at, executor: "v2", reason: "percent", workflowId: "w", userId: "u", success: true, durationMs: 1 },
  nodes: [{ nodeId: "a", nodeType: "http", runs: 1, durationMs: 2 }],
  checkpoints: { count: 1, bytes: 10, durationMs: 1 },
  saved: { nodes: 1, durationMs: 5 },
};
const SHADOW = { kind: "shadow", at, workflowId: "w", userId: "u", result: "different" };

function reportOf(...outcomes: unknown[]) {
  const found = report(outcomes as RolloutOutcome[]);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  return { found, text: formatRolloutReport(found) };
}

describe("outcomes that come back from storage", () => {
  it.each<[string, object]>([
    [
      "null for what is absent",
      { failure: null, nodes: null, checkpoints: null, saved: null, key: null, status: null },
    ],
    ["texts for numbers", { durationMs: "1.5", checkpoints: { count: "1", bytes: "10", durationMs: "2" } }],
    ["a Date for the time", { at: new Date(at) }],
    ["a number for an id", { workflowId: 7, userId: 8n }],
    ["fields of another version", { more: { nested: true } }],
  ])("are read whole with %s", (_what, change) => {
    const { found } = reportOf({ ...RUN, ...change });
    expect(found).toMatchObject({
      v2: { runs: 1, successes: 1 },
      unreadable: 0,
      partlyUnreadable: 0,
      from: at,
      to: at,
    });
  });

  it.each<[string, object]>([
    ["a null among the nodes", { nodes: [null, RUN.nodes[0]] }],
    ["a text for the nodes", { nodes: "a" }],
    ["an object for the nodes", { nodes: {} }],
    ["checkpoints without numbers", { checkpoints: { count: "many" } }],
    ["a list of what was saved", { saved: [] }],
    ["a time that is none", { at: "yesterday" }],
    ["no success", { success: undefined }],
    ["an object for the user", { userId: {} }],
    ["a failure whose code is none", { success: false, failure: { code: {} } }],
  ])("are read in part, and counted, with %s", (_what, change) => {
    const { found, text } = reportOf({ ...RUN, ...change });
    expect(found).toMatchObject({ v2: { runs: 1 }, unreadable: 0, partlyUnreadable: 1 });
    expect(text).toContain("1 outcomes could be read in part only");
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a text", "{}"],
    ["no time", { ...RUN, at: null }],
    ["no executor", { ...RUN, executor: "v3" }],
    ["a negative time", { ...RUN, durationMs: -1 }],
    ["no result", { ...SHADOW, result: undefined }],
    ["a stop without values", { kind: "stop", at, limit: "errorRate" }],
    ["a revoked proxy", revoked()],
  ])("are no outcomes, and counted, with %s", (_what, outcome) => {
    expect(reportOf(outcome).found).toMatchObject({ v1: { runs: 0 }, v2: { runs: 0 }, unreadable: 1 });
  });

  it("keep comparisons with odd differences apart", () => {
    const { found, text } = reportOf(
      { ...SHADOW, difference: { kind: "context", nodeId: 5, path: null, v1: 1, v2: {} }, varying: null },
      { ...SHADOW, difference: null },
      { ...SHADOW, difference: {}, varying: ["a", null] },
    );
    expect(found.shadow).toMatchObject({ different: 3, varying: { a: 1 } });
    expect(found.shadow.mismatches.map(({ kind }) => kind)).toEqual(["context", "unknown"]);
    expect(text).toContain('node "5"');
  });

  it("cannot write to a terminal", () => {
    const evil = "\u001b[2J\r\n\u0007\u202eruns 999";
    const { text } = reportOf(
      { ...RUN, success: false, failure: { code: evil }, reason: evil, workflowId: evil, userId: evil },
      { ...RUN, executor: "v1", reason: evil, nodes: [{ nodeId: evil, nodeType: evil, runs: 1, durationMs: 1 }] },
      { ...SHADOW, difference: { kind: evil, nodeId: evil, path: evil, v1: evil, v2: evil }, varying: [evil] },
      { ...SHADOW, result: "skipped", reason: evil },
      { kind: "direct", at, caller: evil },
      { kind: "stop", at: evil, limit: evil, value: 1, allowed: 1 },
    );
    expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
    expect(text).not.toMatch(/^runs 999/m);
  });

  it("never make a report fail, whatever a field became", () => {
    const anything = fc.anything({ withDate: true, withBigInt: true, withNullPrototype: true });
    const changed = fc.constantFrom<Record<string, unknown>>(RUN, SHADOW, {
      kind: "stop",
      at,
      limit: "x",
      value: 1,
      allowed: 1,
    });
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            changed,
            fc.constantFrom(...Object.keys(RUN), "difference", "varying", "result", "failure", "caller"),
            anything,
          ),
        ),
        (changes) => {
          const outcomes = changes.map(([outcome, field, value]) => ({ ...outcome, [field]: value }));
          const found = report(outcomes as unknown as RolloutOutcome[]);
          expect(formatRolloutReport(found)).not.toMatch(/[^\P{Cc}\n]/u);
          const { shadow, stops, v1Callers, unreadable } = found;
          const skipped = Object.values(shadow.skipped).reduce((sum, times) => sum + times, 0);
          const direct = v1Callers.direct.reduce((sum, { calls }) => sum + calls, 0);
          const counted = found.v1.runs + found.v2.runs + shadow.equal + shadow.different + skipped + direct;
          if (stops.length < 20) expect(counted + stops.length + unreadable).toBe(outcomes.length);
        },
      ),
    );
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
