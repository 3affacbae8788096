import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CheckpointRecord, createWorkflowEngine, type ExecutionRecord } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";
import { headIn } from "../head-in.ts";
import { type Damage, damaged, withoutChecksums } from "./damage.ts";

const LENGTH = 6;

/** An execution of which the last node failed, with two snapshots; and an engine that reads it through a damage. */
async function setUp(damage: Damage = {}) {
  const data = new MemoryCheckpointStore();
  let isFailing = true;
  const called: string[] = [];
  const options = {
    workflows: [chain(LENGTH)],
    executors: {
      default: (args: Parameters<typeof append>[0]): Record<string, unknown> => {
        called.push(args.node.id);
        if (args.node.id === `n${LENGTH}` && isFailing) throw new Error("boom");
        const context = append(args) as Record<string, unknown>;
        const n = Number(context.n ?? 0) + 1;
        return { ...context, n, ...(n <= 3 ? { blob: args.node.id.repeat(1_500) } : {}) };
      },
    },
  };
  const { executionId } = await createWorkflowEngine({ ...options, store: data }).executeWorkflow({
    workflowId: "chain",
    userId: "u1",
  });
  isFailing = false;
  called.length = 0;
  const { store, writes } = damaged(data, damage);
  return { data, executionId, called, writes, engine: createWorkflowEngine({ ...options, store }) };
}

async function expectRefused(damage: Damage, details: object = {}) {
  const { data, executionId, called, writes, engine } = await setUp(damage);
  const before = await headIn(data, executionId);
  const refused = { code: "STATE_CORRUPT", executionId, details: expect.objectContaining(details) };
  await expect(engine.resumeWorkflow({ executionId })).rejects.toMatchObject(refused);
  await expect(engine.WorkflowState.resume(executionId)).rejects.toMatchObject(refused);
  await expect(engine.getExecutionState(executionId)).rejects.toMatchObject(refused);
  expect(called).toEqual([]);
  expect(writes).toEqual([]);
  expect(await headIn(data, executionId)).toEqual(before);
}

const change = (seq: number, changed: Partial<CheckpointRecord>) => (records: CheckpointRecord[]) =>
  records.map((record) => (record.seq === seq ? { ...record, ...changed } : record));

describe("a history of six nodes, the last of which failed", () => {
  it("is as the tests below take it to be, and resumes if nothing is damaged", async () => {
    for (const records of [(each: CheckpointRecord[]) => each, withoutChecksums]) {
      const { data, executionId, called, engine } = await setUp({ records });
      const kinds = (await data.readCheckpoints(executionId)).map(({ kind }) => kind);
      expect(kinds).toEqual(["snapshot", "delta", "delta", "snapshot", "delta", "delta", "error"]);
      expect(await engine.resumeWorkflow({ executionId })).toMatchObject({ status: "completed", currentStep: LENGTH });
      expect(called).toEqual(["n6"]);
    }
  });

  it("reads the same if its store has null for an absent error", async () => {
    const { data, executionId } = await setUp();
    const store = data.reopen();
    store.readCheckpoints = async (...given) =>
      (await data.readCheckpoints(...given)).map((record) => ({ error: null as never, ...record }));
    const engine = createWorkflowEngine({ store, workflows: [chain(LENGTH)], executors: { default: append } });
    const state = await engine.getExecutionState(executionId);
    expect(state.getCheckpoints().map(({ error }) => error?.message)).toEqual([...Array(LENGTH - 1), "boom"]);
    expect(state.getResumePoint()).toEqual({ nodeId: `n${LENGTH - 1}`, stepNumber: LENGTH - 1 });
    const { items } = await (await engine.inspectExecution({ executionId })).records({ limit: 100 });
    expect(items.filter((record) => "error" in record)).toHaveLength(1);
  });

  describe.each([3, 4, 5, 6])("with a damaged record %i", (seq) => {
    it.each<[string, Partial<CheckpointRecord>]>([
      ["another kind", { kind: seq === 4 ? "save" : "delta", ...(seq === 5 ? { kind: "error" } : {}) }],
      ["an unknown kind", { kind: "patch" as never }],
      ["another node", { nodeId: "n1" }],
      ["no node", { nodeId: "" }],
      ["a step that is no number", { stepNumber: Number.NaN }],
      ["another attempt", { attempt: 7 }],
      ["a time that no Date holds", { timestamp: 1e17 }],
      ["another payload of the right format", { payload: '[1,["set",["n"],9]]' }],
      ["a time that is no number", { timestamp: [] as never }],
      ["a time of another kind of number", { timestamp: 10n as never }],
      ["a duration that is no number", { durationMs: {} as never }],
      ["a name that is no text", { nodeName: null as never }],
      ["no payload", { payload: "" }],
      ["a payload that is no text", { payload: null as never }],
    ])("%s: is refused before anything runs or is written", async (_what, changed) => {
      await expectRefused({ records: change(seq, changed) });
    });

    it("that is missing: is refused, naming the number", async () => {
      await expectRefused({ records: (records) => records.filter((record) => record.seq !== seq) }, { seq });
    });

    it("that stands there twice, or under another number: is refused", async () => {
      await expectRefused({ records: (records) => records.flatMap((r) => (r.seq === seq ? [r, r] : [r])) });
      await expectRefused({ records: change(seq, { seq: seq + 0.5 }) });
    });
  });

  it("with the record of another execution: is refused", async () => {
    const other = await setUp();
    const [, , , , foreign] = await other.data.readCheckpoints(other.executionId);
    await expectRefused({ records: change(4, { ...(foreign as CheckpointRecord) }) }, { seq: 4 });
  });

  const COUNTERS = ["seq", "snapshotSeq", "firstSeq", "checkpointsCount", "currentStep", "totalSteps"] as const;
  const moves: [string, (value: number) => unknown][] = [
    ["moved up", (value) => value + 1],
    ["moved down", (value) => value - 1],
    ["beyond the safe integers", () => 2 ** 53],
    ["at the end of them", () => Number.MAX_SAFE_INTEGER],
    ["negative", () => -1],
    ["a fraction", (value) => value + 0.5],
    ["no number", () => "1x"],
    ["absent", () => undefined],
  ];
  const cases = COUNTERS.flatMap((name) => moves.map(([what, move]) => [name, what, move] as const));
  it.each(cases)("with a %s %s: is refused before anything runs or is written", async (name, _what, move) => {
    await expectRefused({ head: (head) => ({ ...head, [name]: move(head[name]) }) as ExecutionRecord });
  });

  it.each(["version", "token"] as const)("with a %s that the next commit cannot use: is refused", async (name) => {
    await expectRefused({ head: (head) => ({ ...head, [name]: 2 ** 53 }) });
    await expectRefused({ head: (head) => ({ ...head, [name]: Number.MAX_SAFE_INTEGER }) });
  });

  it("with the hash of another definition than the one it began with: is refused", async () => {
    let otherHash = "";
    const damage: Damage = { head: (head) => (otherHash === "" ? head : { ...head, definitionHash: otherHash }) };
    const { data, executionId, called, writes, engine } = await setUp(damage);
    const changed = { ...chain(LENGTH), name: "changed" };
    const other = createWorkflowEngine({ store: data, workflows: [changed], executors: { default: append } });
    const made = await other.executeWorkflow({ workflowId: "chain", userId: "u1" });
    otherHash = String((await data.getExecution(made.executionId))?.definitionHash);
    for (const refused of [engine.resumeWorkflow({ executionId }), engine.getExecutionState(executionId)]) {
      await expect(refused).rejects.toMatchObject({ code: "STATE_CORRUPT", executionId });
    }
    expect([called, writes]).toEqual([[], []]);
  });

  it("with a head that its store cannot read: is refused, naming the fields", async () => {
    await expectRefused({ head: (head) => ({ ...head, unreadable: ["failure"] }) }, { unreadable: ["failure"] });
    await expectRefused({ head: (head) => ({ ...head, status: "done" as never }) }, { unreadable: ["status"] });
  });
});

describe("a history from before records had checksums", () => {
  it.each<[string, (records: CheckpointRecord[]) => CheckpointRecord[]]>([
    ["a hole", (records) => records.filter(({ seq }) => seq !== 4)],
    ["no end", (records) => records.slice(0, -1)],
    ["a delta that became a save", change(4, { kind: "save" })],
    ["a delta that became an error", change(4, { kind: "error" })],
    ["an error that became a delta", change(6, { kind: "delta" })],
    ["a delta that became a snapshot", change(4, { kind: "snapshot" })],
    ["a snapshot that became a delta", change(3, { kind: "delta" })],
    ["a snapshot of another node", change(3, { nodeId: "n4" })],
    ["an error without its failure", change(6, { error: undefined as never })],
    ["an error whose failure has no message", change(6, { error: { code: "NODE_FAILED" } as never })],
    ["an error whose failure is a text", change(6, { error: "boom" as never })],
  ])("with %s is refused", async (_what, damage) => {
    await expectRefused({ records: (records) => damage(withoutChecksums(records)) });
  });

  it("with a head that counts otherwise is refused", async () => {
    const counted = (head: ExecutionRecord) => ({ ...head, checkpointsCount: head.checkpointsCount - 3 });
    await expectRefused({ records: withoutChecksums, head: counted });
  });
});

describe("a history that is written while it is read", () => {
  it("is read as it was when its head was read", async () => {
    const { data, executionId, engine } = await setUp();
    const stale = await data.getExecution(executionId);
    const read = data.getExecution.bind(data);
    await engine.resumeWorkflow({ executionId });
    let reads = 0;
    data.getExecution = async (id) => (reads++ === 0 ? stale : read(id));
    const { getExecutionState } = createWorkflowEngine({ store: data, workflows: [], executors: {} });
    const state = await getExecutionState(executionId);
    expect([state.getStatus(), state.getCurrentStep()]).toEqual(["failed", LENGTH - 1]);
    expect(reads).toBe(2);
  });

  it("is read again if it was replaced by another", async () => {
    const { data, executionId, engine } = await setUp();
    const stale = await data.getExecution(executionId);
    await engine.deleteExecution({ executionId });
    await engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId, initialData: { again: true } });
    const read = data.getExecution.bind(data);
    let reads = 0;
    data.getExecution = async (id) => (reads++ === 0 ? stale : read(id));
    const { getExecutionState } = createWorkflowEngine({ store: data, workflows: [], executors: {} });
    expect((await getExecutionState(executionId)).getContext()).toMatchObject({ again: true, n: LENGTH });
  });
});
