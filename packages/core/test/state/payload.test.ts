import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWorkflowError } from "../../src/index.ts";
import { AppendList } from "../../src/state/append-list.ts";
import { Codec } from "../../src/state/codec.ts";
import { parsePayload } from "../../src/state/payload.ts";
import type { Progress, RanNode, RecordParts } from "../../src/state/progress.ts";
import { changesPayload, snapshotPayload } from "../../src/state/write-payload.ts";

const codec = new Codec();

const id = fc.string({ minLength: 1, maxLength: 5, unit: "binary" });
const count = fc.nat(9);
const visit = fc.integer({ min: 1, max: 9 });
const time = fc.integer({ min: 0, max: 8.64e15 });
const handles = fc.option(fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }));
const data = fc.oneof(
  fc.jsonValue(),
  fc.constant(new Date(5)),
  fc.constant(new Map([["a", 1n]])),
  fc.constant(undefined),
);

const ranNode = fc.oneof(fc.record({ nodeId: id }), fc.record({ nodeId: id, handles }));
const leftEdge = fc.record({ source: id, target: id, handle: fc.string() }, { requiredKeys: ["source", "target"] });
const attempts = fc.record(
  { attempt: count, countedFrom: visit, failures: visit, retryAtMs: time },
  { requiredKeys: ["attempt"] },
);
const wait = fc.record(
  { nodeId: id, visit, token: id, sinceMs: time, untilMs: time, reason: fc.string() },
  { requiredKeys: ["nodeId", "visit", "token", "sinceMs"] },
);
const answer = fc.record(
  { nodeId: id, visit, data, timedOut: fc.constant(true as const) },
  { requiredKeys: ["nodeId", "visit", "data"] },
);
const perNode = <T>(value: fc.Arbitrary<T>) =>
  fc.array(fc.tuple(id, value), { maxLength: 3 }).map((entries) => new Map(entries));
const byNode = <T extends { nodeId: string }>(value: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(value, { maxLength: 3, selector: ({ nodeId }) => nodeId })
    .map((items) => new Map(items.map((item) => [item.nodeId, item])));

const progress: fc.Arbitrary<Progress> = fc
  .record({
    ran: fc.array(ranNode, { maxLength: 4 }).map((nodes) => new AppendList<RanNode>([...nodes])),
    heldCount: fc.constant(0),
    left: fc.array(leftEdge, { maxLength: 3 }),
    visits: perNode(count),
    start: fc.option(fc.array(id, { maxLength: 3 }), { nil: undefined }),
    begin: fc.option(fc.array(id, { maxLength: 3 }), { nil: undefined }),
    attempts: perNode(attempts),
    waiting: byNode(wait),
    answers: byNode(answer),
    children: fc.constant(undefined),
    instance: fc.option(id, { nil: undefined }),
  })
  .map((held) => ({ ...held, heldCount: held.ran.length }));

const named = fc.array(fc.record({ nodeId: id, attempt: count }), { minLength: 1, maxLength: 2 });
const begin = fc.array(id, { maxLength: 3 });
const some = <T>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) => fc.record(fields, { requiredKeys: [] });
const recordParts = fc.oneof(
  fc.tuple(fc.constant("delta" as const), some({ handles, begin, given: count })),
  fc.tuple(
    fc.constant("error" as const),
    some({
      handles: fc.array(fc.string(), { maxLength: 3 }),
      begin,
      retry: fc.record({ nodeId: id, atMs: time, failures: count }),
    }),
  ),
  fc.tuple(
    fc.constant("save" as const),
    some({
      begin,
      attempts: named,
      counted: named,
      waits: fc.array(wait, { minLength: 1, maxLength: 3 }),
      answers: fc.array(answer, { minLength: 1, maxLength: 3 }),
      children: fc.record({ recoveries: count, mark: count }),
      definition: id,
    }),
  ),
);

/** What a property holds, with lists in place of what vitest compares by identity. */
function plain({ ran, ...rest }: Progress) {
  return { ...rest, ran: [...ran] };
}

describe("a payload of format 2", () => {
  it("that is a snapshot is read as it was written", () => {
    fc.assert(
      fc.property(progress, fc.option(handles, { nil: undefined }), (written, ownHandles) => {
        const text = snapshotPayload(codec, { contextText: "{}", progress: written, handles: ownHandles });
        const parsed = parsePayload(codec, { kind: "snapshot", payload: text });
        if (parsed.kind !== "snapshot") throw new Error("It is a snapshot.");
        expect(plain(parsed.progress)).toEqual(plain(written));
        expect(parsed.handles).toEqual(ownHandles);
        expect(snapshotPayload(codec, { contextText: "{}", ...parsed })).toBe(text);
      }),
    );
  });

  it("that is a delta, an error or a save is read as it was written", () => {
    fc.assert(
      fc.property(recordParts, ([kind, parts]: ["delta" | "error" | "save", RecordParts]) => {
        const payload = changesPayload(codec, ['["set",["a"],1]'], parts);
        expect(parsePayload(codec, { kind, payload })).toEqual({
          kind: "changes",
          operations: [["set", ["a"], 1]],
          parts,
        });
      }),
    );
  });

  it("in which any one value was changed is refused by a code, or read as something that can be written again", () => {
    const text = fc.oneof(
      progress.map((each) => ["snapshot", snapshotPayload(codec, { contextText: '{"a":1}', progress: each })] as const),
      recordParts.map(([kind, parts]) => [kind, changesPayload(codec, [], parts as RecordParts)] as const),
    );
    const other = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, -1, 0.5, 1e300, "", null, [], {}));
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(text, fc.nat(), other, ([kind, written], where, value) => {
        const payload = JSON.stringify(changedAt(JSON.parse(written), where, value));
        try {
          const parsed = parsePayload(codec, { kind, payload });
          outcomes.read++;
          const again =
            parsed.kind === "snapshot"
              ? snapshotPayload(codec, { contextText: codec.encode(parsed.context), ...parsed })
              : changesPayload(
                  codec,
                  parsed.operations.map((each) => JSON.stringify(each)),
                  parsed.parts,
                );
          // What comes from format 1 or below cannot be the same: its number was changed.
          if (!/^(?:\{"v":|\[)1[,\]]/.test(payload)) parsePayload(codec, { kind, payload: again });
        } catch (error) {
          if (!isWorkflowError(error)) throw error;
          expect(["STATE_CORRUPT", "STATE_VERSION_UNSUPPORTED", "STATE_TYPE_UNKNOWN"]).toContain(error.code);
          outcomes.refused++;
        }
      }),
      { numRuns: 1_000 },
    );
    expect(outcomes.read).toBeGreaterThan(0);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});

/** The value with another one in the place of one of its parts, counted from the root. */
function changedAt(json: unknown, where: number, value: unknown): unknown {
  const places = countOf(json);
  let left = where % places;
  const change = (each: unknown): unknown => {
    if (left-- === 0) return value;
    if (Array.isArray(each)) return each.map(change);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, part]) => [key, change(part)]));
  };
  return change(json);
}

function countOf(json: unknown): number {
  if (typeof json !== "object" || json === null) return 1;
  return Object.values(json).reduce((sum: number, each) => sum + countOf(each), 1);
}
