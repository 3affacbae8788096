import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type CheckpointRecord,
  type CheckpointStore,
  createWorkflowEngine,
  type ExecutionRecord,
  isWorkflowError,
  type NodeExecutor,
  route,
  suspend,
} from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { type RandomWorkflow, randomWorkflow } from "../definition/random-workflow.ts";
import { append } from "../engine/chain.ts";
import { headIn } from "../head-in.ts";
import { immediateClock } from "../immediate-clock.ts";
import { damaged, withoutChecksums } from "./damage.ts";
import { assertExact } from "./exact.ts";
import { anyValue } from "./values.ts";

const CALL = { workflowId: "random", userId: "u1", executionId: "e" };

/** How an execution came to a stop, and at which of its nodes. */
interface Story {
  workflow: RandomWorkflow;
  values: unknown[];
  stop: "failed" | "suspended" | "pending" | "crashed" | "failed again" | "completed";
  at: number;
}

const story: fc.Arbitrary<Story> = fc.record({
  workflow: randomWorkflow(9),
  values: fc.array(anyValue, { minLength: 1, maxLength: 4 }),
  stop: fc.constantFrom("failed", "suspended", "pending", "crashed", "failed again", "completed"),
  at: fc.nat({ max: 7 }),
});

/** Plays a story, and returns its data and an engine that lets it go on. Plays the same each time. */
async function play({ workflow: { definition, choices }, values, stop, at }: Story) {
  const data = new MemoryCheckpointStore();
  const called: string[] = [];
  let isOver = false;
  const default_: NodeExecutor = (args) => {
    const { ran = [] } = args.context as { ran?: string[] };
    called.push(args.node.id);
    if (!isOver && ran.length >= at && args.resume === undefined) {
      if (stop === "suspended") return suspend();
      if (stop.startsWith("failed")) throw new Error("boom");
    }
    const context = append(args) as Record<string, unknown>;
    const next = { ...context, [`v${ran.length % 3}`]: values[ran.length % values.length] };
    const handles = choices.get(args.node.id);
    return handles === undefined ? next : route(next, handles);
  };
  const options = { workflows: [definition], executors: { default: default_ }, leaseMs: 0, clock: immediateClock() };
  const store = stop === "crashed" ? crashAt(data.reopen(), { call: at + 1, when: "after" }) : data;
  const first = createWorkflowEngine({ ...options, store, storeRetryMs: 0 });
  const call = stop === "pending" ? { ...CALL, budgetMs: at } : CALL;
  await first.executeWorkflow(call).catch((error: unknown) => expect(isWorkflowError(error)).toBe(true));
  if (stop === "failed again") await first.resumeWorkflow({ executionId: "e" }).catch(() => undefined);
  isOver = true;
  called.length = 0;
  return { data, called, engineOn: (on: CheckpointStore) => createWorkflowEngine({ ...options, store: on }) };
}

type Play = Awaited<ReturnType<typeof play>>;

async function codeOr<T>(promise: Promise<T>): Promise<T | string> {
  try {
    return await promise;
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    return error.code;
  }
}

/** All that a reader sees of an execution, but for what has no checksum because nothing depends on it. */
async function look(engine: ReturnType<Play["engineOn"]>) {
  const state = await engine.getExecutionState("e");
  const checkpoints = state.getCheckpoints().map((each) => [each.nodeId, each.stepNumber, each.attempt, each.context]);
  return [state.getContext(), state.getCurrentStep(), state.getTotalSteps(), state.getStatus(), checkpoints];
}

async function resume(engine: ReturnType<Play["engineOn"]>, data: MemoryCheckpointStore) {
  const answer = (await data.getExecution("e"))?.status === "suspended" ? { data: 1 } : {};
  const { status, output, currentStep, totalSteps } = await engine.resumeWorkflow({ executionId: "e", ...answer });
  return [status, output, currentStep, totalSteps];
}

/** A change of a text at a place. */
const edit = fc.record({
  place: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  length: fc.nat({ max: 3 }),
  inserted: fc.oneof(
    fc.string({ maxLength: 2 }),
    fc.constantFrom('"', "[", "]", "{", "}", ",", ":", "9", "-", "null", "1e9", "\0", "\uD800"),
  ),
});

const field = fc.constantFrom("id", "kind", "nodeId", "stepNumber", "attempt", "payload", "seq", "payload", "payload");
const counter = fc.constantFrom("seq", "snapshotSeq", "checkpointsCount", "currentStep", "totalSteps");
const anything = fc.oneof(
  fc.constantFrom(undefined, null, "", "snapshot", "delta", "error", "save", "n1", "n2", Number.NaN, 2 ** 53, -1),
  fc.nat({ max: 12 }),
);

const damage = fc.oneof(
  fc.record({ what: fc.constant("edit" as const), field, edit, which: fc.nat() }),
  fc.record({ what: fc.constant("set" as const), field, value: anything, which: fc.nat() }),
  fc.record({ what: fc.constant("remove" as const), which: fc.nat() }),
  fc.record({ what: fc.constant("swap" as const), which: fc.nat(), other: fc.nat() }),
  fc.record({ what: fc.constant("head" as const), counter, value: anything }),
);

type AnyDamage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damageRecords(records: CheckpointRecord[], each: AnyDamage): CheckpointRecord[] {
  if (each.what === "head" || records.length === 0) return records;
  const at = each.which % records.length;
  const record = { ...records[at] } as Record<string, unknown>;
  if (each.what === "remove") return records.toSpliced(at, 1);
  if (each.what === "swap") {
    const other = records[each.other % records.length] as CheckpointRecord;
    return records.with(at, { ...other, seq: (records[at] as CheckpointRecord).seq });
  }
  if (each.what === "set") record[each.field] = each.value;
  else {
    const text = String(record[each.field]);
    const start = Math.floor(each.edit.place * (text.length + 1));
    const edited = text.slice(0, start) + each.edit.inserted + text.slice(start + each.edit.length);
    record[each.field] = typeof record[each.field] === "number" ? Number(edited) : edited;
  }
  return records.with(at, record as unknown as CheckpointRecord);
}

function through(data: MemoryCheckpointStore, each: AnyDamage, prepare = (r: CheckpointRecord[]) => r) {
  return damaged(data, {
    records: (records) => damageRecords(prepare(records), each),
    head: (head) =>
      (each.what === "head" ? { ...head, [each.counter]: each.value } : head) as unknown as ExecutionRecord,
  });
}

describe("a history that is damaged anywhere", () => {
  it("is read as it was, or refused with a code", async () => {
    await fc.assert(
      fc.asyncProperty(story, damage, async (told, each) => {
        const { data, engineOn } = await play(told);
        const whole = await look(engineOn(data));
        const seen = await codeOr(look(engineOn(through(data, each).store)));
        if (typeof seen !== "string") assertExact(seen, whole);
      }),
      { numRuns: 250 },
    );
  });

  it("is resumed as if it were whole, or refused with a code before anything runs or is written", async () => {
    await fc.assert(
      fc.asyncProperty(story, damage, async (told, each) => {
        const whole = await play(told);
        const expected = await codeOr(resume(whole.engineOn(whole.data), whole.data));
        const { data, called, engineOn } = await play(told);
        const before = await headIn(data, "e");
        const { store, writes } = through(data, each);
        const seen = await codeOr(resume(engineOn(store), data));
        if (typeof seen === "string" && seen !== expected) {
          expect([called, writes]).toEqual([[], []]);
          expect(await headIn(data, "e")).toEqual(before);
        } else {
          assertExact(seen, expected);
          expect(called).toEqual(whole.called);
        }
      }),
      { numRuns: 250 },
    );
  });

  it("is refused with a code, and nothing is written, or is taken for another, if it has no checksums", async () => {
    await fc.assert(
      fc.asyncProperty(story, damage, async (told, each) => {
        const { data, called, engineOn } = await play(told);
        const before = await headIn(data, "e");
        const { store, writes } = through(data, each, withoutChecksums);
        await codeOr(look(engineOn(store)));
        const seen = await codeOr(resume(engineOn(store), data));
        if (typeof seen !== "string") return;
        expect([called, writes]).toEqual([[], []]);
        expect(await headIn(data, "e")).toEqual(before);
      }),
      { numRuns: 250 },
    );
  });
});
