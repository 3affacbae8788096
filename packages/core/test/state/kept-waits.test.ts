import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Codec } from "../../src/state/codec.ts";
import { parsePayload } from "../../src/state/payload.ts";
import type { NodeAnswer, NodeWait } from "../../src/state/progress.ts";
import { noProgress } from "../../src/state/progress.ts";
import { changesPayload, snapshotPayload } from "../../src/state/write-payload.ts";
import { assertExact } from "./exact.ts";
import { anyContext } from "./values.ts";

const codec = new Codec(undefined);
const ID = fc.string({ minLength: 1, maxLength: 20 });
const TIME = fc.integer({ min: 0, max: 8.64e15 });
const VALUE = fc.oneof(anyContext, fc.constant(null), fc.constant(false), fc.string(), fc.double());
const optional = { requiredKeys: ["nodeId", "visit", "token", "sinceMs"] as const };

const waits: fc.Arbitrary<NodeWait> = fc
  .record(
    {
      ...{ nodeId: ID, visit: fc.integer({ min: 1, max: 1_000 }), token: ID, sinceMs: TIME, untilMs: TIME },
      ...{ reason: fc.string(), payload: VALUE },
    },
    { requiredKeys: [...optional.requiredKeys] },
  )
  .map((wait) => ({ ...wait }) as NodeWait);

const answers: fc.Arbitrary<NodeAnswer> = fc
  .record(
    {
      nodeId: ID,
      visit: fc.integer({ min: 1, max: 1_000 }),
      data: VALUE,
      token: ID,
      timedOut: fc.constant(true as const),
    },
    { requiredKeys: ["nodeId", "visit", "data"] },
  )
  .map((answer) => ({ ...answer }) as NodeAnswer);

const byNode = <T extends { nodeId: string }>(items: readonly T[]) => new Map(items.map((each) => [each.nodeId, each]));

describe("waits and answers", () => {
  it("come back from a save as they were, whatever they hold", () => {
    fc.assert(
      fc.property(fc.array(waits, { maxLength: 4 }), fc.array(answers, { maxLength: 4 }), (given, kept) => {
        const parsed = parsePayload(codec, {
          kind: "save",
          payload: changesPayload(codec, [], { waits: given, answers: kept }),
        });
        if (parsed.kind !== "changes") throw new Error("no save");
        assertExact(parsed.parts.waits ?? [], given);
        assertExact(parsed.parts.answers ?? [], kept);
      }),
    );
  });

  it("come back from a snapshot as they were, in the order in which they began", () => {
    fc.assert(
      fc.property(fc.array(waits, { maxLength: 4 }), fc.array(answers, { maxLength: 4 }), (given, kept) => {
        const progress = { ...noProgress("i"), waiting: byNode(given), answers: byNode(kept) };
        const payload = snapshotPayload(codec, { contextText: "{}", progress });
        const parsed = parsePayload(codec, { kind: "snapshot", payload });
        if (parsed.kind !== "snapshot") throw new Error("no snapshot");
        assertExact([...parsed.progress.waiting.values()], [...progress.waiting.values()]);
        expect([...parsed.progress.answers.keys()].sort()).toEqual([...progress.answers.keys()].sort());
        for (const [nodeId, answer] of progress.answers) assertExact(parsed.progress.answers.get(nodeId), answer);
      }),
    );
  });
});
