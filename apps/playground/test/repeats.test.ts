import { describe, expect, it } from "vitest";
import type { NodeRun } from "../src/compare/node-recorder.ts";
import { countRepeats } from "../src/compare/repeats.ts";
import type { LedgerEntry } from "../src/server/ledger.ts";

const runs = (text: string): NodeRun[] =>
  text.split(" ").map((name) => ({
    nodeId: name.replace("!", ""),
    outcome: name.endsWith("!") ? "failed" : "completed",
    durationMs: 0,
    requests: { from: 0, to: 0 },
    hasCalled: false,
  }));

const request = (
  nodeId: string | undefined,
  what: string,
  outcome: LedgerEntry["outcome"] = "applied",
): LedgerEntry => ({
  method: "POST",
  path: "/",
  nodeId,
  idempotencyKey: undefined,
  signature: what,
  outcome,
});

describe("countRepeats", () => {
  it("counts a second run of all nodes as repeated, and the failed node separately", () => {
    const first = { nodeRuns: runs("a b c!"), requests: [request("a", "A"), request("b", "B"), request("c", "C")] };
    const second = { nodeRuns: runs("a b c d"), requests: [...first.requests, request("d", "D")] };
    expect(countRepeats([first, second])).toEqual({
      completed: { nodes: 2, requests: 2, effects: 2 },
      interrupted: { nodes: 1, requests: 1, effects: 1 },
    });
  });

  it("distinguishes a repeated request from a repeated effect", () => {
    const first = { nodeRuns: runs("a b!"), requests: [request("a", "A"), request("b", "B")] };
    const second = { nodeRuns: runs("b c"), requests: [request("b", "B", "replayed")] };
    expect(countRepeats([first, second])).toEqual({
      completed: { nodes: 0, requests: 0, effects: 0 },
      interrupted: { nodes: 1, requests: 1, effects: 0 },
    });
  });

  it("does not count three equal requests of one run as repeated", () => {
    const three = [request("a", "A"), request("a", "A"), request("a", "A")];
    const first = { nodeRuns: runs("a! "), requests: three.slice(0, 2) };
    expect(countRepeats([{ nodeRuns: runs("a"), requests: three }]).completed.requests).toBe(0);
    expect(
      countRepeats([
        { ...first, nodeRuns: runs("a!") },
        { nodeRuns: runs("a"), requests: three },
      ]).interrupted,
    ).toEqual({
      nodes: 1,
      requests: 2,
      effects: 2,
    });
  });

  it("does not count refused requests, in either run", () => {
    const first = { nodeRuns: runs("a!"), requests: [request("a", "A", "refused")] };
    expect(countRepeats([first, { nodeRuns: runs("a"), requests: [request("a", "A")] }]).interrupted).toEqual({
      nodes: 1,
      requests: 0,
      effects: 0,
    });
  });

  it("counts repetitions over more than two runs", () => {
    const all = [request("a", "A")];
    const run = { nodeRuns: runs("a b!"), requests: all };
    expect(countRepeats([run, run, run]).completed).toEqual({ nodes: 2, requests: 2, effects: 2 });
  });

  it("assigns a request without a sender to the node that ran when it arrived", () => {
    const [a, b] = runs("a b!") as [NodeRun, NodeRun];
    const nodeRuns = [
      { ...a, requests: { from: 0, to: 1 } },
      { ...b, requests: { from: 1, to: 2 } },
    ];
    const requests = [request(undefined, "A"), request(undefined, "B")];
    const again = {
      nodeRuns: [{ ...b, outcome: "completed" as const, requests: { from: 0, to: 1 } }],
      requests: requests.slice(1),
    };
    expect(countRepeats([{ nodeRuns, requests }, again])).toEqual({
      completed: { nodes: 0, requests: 0, effects: 0 },
      interrupted: { nodes: 1, requests: 1, effects: 1 },
    });
  });
});
