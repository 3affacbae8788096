import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CheckpointKind } from "../../src/index.ts";
import {
  dropPoint,
  droppedBefore,
  type KeptHistory,
  keptHistory,
  lookedBack,
  mustLookBack,
  withRecords,
} from "../../src/state/history-limit.ts";

/** What happens in an execution: a record is written, a large change makes a snapshot, or another owner continues. */
type Step = "node" | "large" | "error" | "save" | "resume";

interface Written {
  seq: number;
  kind: CheckpointKind;
}

const isCheckpoint = ({ seq, kind }: Written) => kind !== "save" && seq > 0;

/** A history that is kept by the rules, as journals do; checks what each step leaves. */
async function follow(limit: number, steps: readonly Step[], check: (kept: readonly Written[]) => void) {
  let records: Written[] = [{ seq: 0, kind: "snapshot" }];
  let checkpointsCount = 0;
  const opened = (): KeptHistory => {
    const snapshot = records.findLast(({ kind }) => kind === "snapshot") as Written;
    const since = records.filter((each) => each.seq >= snapshot.seq && isCheckpoint(each)).length;
    const head = { firstSeq: records[0]?.seq ?? 0, seq: records.at(-1)?.seq ?? 0, snapshotSeq: snapshot.seq };
    return keptHistory({ ...head, checkpointsCount }, since);
  };
  let kept = opened();
  for (const step of steps) {
    if (step === "resume") {
      kept = opened();
      continue;
    }
    if (mustLookBack(kept, limit) && dropPoint(kept, limit) === undefined) {
      const from = kept.snapshots[0]?.seq ?? 0;
      kept = await lookedBack(kept, limit, newestFirst(records.filter(({ seq }) => seq < from)));
    }
    const since = records.slice(records.findLastIndex(({ kind }) => kind === "snapshot")).filter(isCheckpoint).length;
    const isNode = step === "node" || step === "large";
    const kind = isNode ? (step === "large" || since >= limit ? "snapshot" : "delta") : step;
    records.push({ seq: (records.at(-1)?.seq ?? 0) + 1, kind });
    if (kind !== "save") checkpointsCount++;
    kept = withRecords(kept, [kind]);
    const drop = dropPoint(kept, limit);
    if (drop !== undefined) {
      kept = droppedBefore(kept, drop);
      expect(records.find(({ seq }) => seq === drop)?.kind).toBe("snapshot");
      records = records.filter(({ seq }) => seq >= drop);
    }
    expect(kept).toMatchObject({ firstSeq: records[0]?.seq, seq: records.at(-1)?.seq, checkpoints: checkpointsCount });
    expect(records.filter(isCheckpoint).length).toBeGreaterThanOrEqual(Math.min(limit, checkpointsCount));
    check(records);
  }
}

async function* newestFirst(records: readonly Written[]): AsyncGenerator<Written> {
  yield* records.toReversed();
}

const limit = fc.integer({ min: 1, max: 12 });

describe("a history with a limit", () => {
  it("keeps at least as many checkpoints, and at most twice as many, whatever makes snapshots and however it is resumed", async () => {
    const steps = fc.array(fc.constantFrom<Step>("node", "node", "node", "large", "resume"), { maxLength: 150 });
    await fc.assert(
      fc.asyncProperty(limit, steps, async (most, given) => {
        await follow(most, given, (records) => {
          expect(records.filter(isCheckpoint).length).toBeLessThanOrEqual(2 * most + 1);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("is bounded also if each run writes one record only", async () => {
    for (const step of ["node", "large"] as const) {
      const steps = Array.from({ length: 200 }, () => [step, "resume"] as const).flat();
      let longest = 0;
      await follow(5, steps, (records) => {
        longest = Math.max(longest, records.length);
      });
      expect(longest).toBeLessThanOrEqual(11);
      expect(longest).toBeGreaterThanOrEqual(9);
    }
  });

  it("counts failed attempts as checkpoints and saves not; beyond the bound there are only failures without end", async () => {
    const anyStep = fc.constantFrom<Step>("node", "node", "large", "error", "save", "resume");
    await fc.assert(
      fc.asyncProperty(limit, fc.array(anyStep, { maxLength: 150 }), async (most, given) => {
        const failures = given.join(" ").match(/(?:error|save|resume)(?: (?:error|save|resume))*/g) ?? [];
        const longest = Math.max(
          0,
          ...failures.map((each) => each.split(" ").filter((step) => step === "error").length),
        );
        await follow(most, given, (records) => {
          expect(records.filter(isCheckpoint).length).toBeLessThanOrEqual(2 * (most + longest) + 1);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("of one keeps the newest checkpoint only", async () => {
    await follow(1, ["node", "node", "node"], (records) => expect(records.filter(isCheckpoint)).toHaveLength(1));
  });
});
