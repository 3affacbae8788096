import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ExecutionRecord } from "../../src/index.ts";
import { type append, chain } from "./chain.ts";

const FIELDS: Record<keyof Omit<ExecutionRecord, "unreadable" | "id">, unknown[]> = {
  workflowId: ["", null, 1, "w".repeat(513)],
  userId: ["", null, {}, "\ud800"],
  status: ["done", "", null, 1],
  version: [-1, 0.5, "x", Number.NaN, 2 ** 53],
  token: [-1, 0.5, "x", Number.NaN, 2 ** 53],
  seq: [-1, 0.5, "x", Number.NaN, 2 ** 53],
  snapshotSeq: [-1, 0.5, "x", null],
  firstSeq: [-1, 0.5, "x", null],
  checkpointsCount: [-1, 0.5, "x", null],
  currentStep: [-1, 0.5, "x", null],
  totalSteps: [-1, 0.5, "x", null],
  owner: [1, {}, "o\0"],
  leaseUntil: [8.64e15 + 1, -1, "soon", Number.POSITIVE_INFINITY],
  wakeAt: [Number.MAX_SAFE_INTEGER, -1, "soon", Number.NaN],
  waiting: ["{", 1, [{ nodeId: "" }], [{ nodeId: "a", nodeName: "A", visit: -1, since: 0 }]],
  waitingCount: [-1, 0.5, "x"],
  failure: ["{", 1, { message: "no code" }],
  recoveries: [-1, 0.5, "x"],
  deadlineAt: [8.64e15 + 1, "soon", Number.NaN],
  definitionHash: [1, {}, "h".repeat(513), "h\0"],
  parentId: [1, {}, "ü".repeat(257), "\udc00"],
  parentNodeId: [1, {}, "n".repeat(513)],
  parentVisit: [-1, 0.5, "x"],
  forkedFromId: [1, {}, "f".repeat(513)],
  forkedFromSeq: [-1, 0.5, "x"],
  metadata: ["{", 1, [], { tag: 1 }],
  createdAt: [8.64e15 + 1, "then", null, Number.NaN],
  updatedAt: [8.64e15 + 1, "then", null, Number.NaN],
  endedAt: [8.64e15 + 1, "then", Number.NaN],
  readAt: [8.64e15 + 1, "then", null, Number.NaN],
};
const cases = Object.entries(FIELDS).flatMap(([name, values]) => values.map((value) => [name, value] as const));

/** Three executions, the second of which comes out of its store damaged; `says` if the store itself notices. */
async function setUp(name: string, value: unknown, says: boolean) {
  const data = new MemoryCheckpointStore();
  const called: string[] = [];
  const executors = {
    default: (args: Parameters<typeof append>[0]) => {
      called.push(args.node.id);
      throw new Error("boom");
    },
  };
  const options = { workflows: [chain(2)], executors };
  const first = createWorkflowEngine({ ...options, store: data });
  for (const executionId of ["e1", "e2", "e3"]) {
    await first.executeWorkflow({ workflowId: "chain", userId: "u1", executionId });
  }
  called.length = 0;
  const damage = (head: ExecutionRecord): ExecutionRecord =>
    head.id === "e2" ? { ...head, [name]: value, ...(says ? { unreadable: [name] } : {}) } : head;
  const store = data.reopen();
  store.getExecution = async (id) => {
    const head = await data.getExecution(id);
    return head === undefined ? undefined : damage(head);
  };
  store.listExecutions = async (query) => {
    const page = await data.listExecutions(query);
    return { ...page, items: page.items.map(damage) };
  };
  return { data, called, engine: createWorkflowEngine({ ...options, store }) };
}

describe.each([false, true])("a row with a field that cannot be read (its store says so: %s)", (says) => {
  it.each(cases)("%s = %j: is listed among the others, and named", async (name, value) => {
    const { engine } = await setUp(name, value, says);
    const { items } = await engine.listExecutions({ order: "asc", limit: 2 });
    const { items: rest } = await engine.listExecutions({ order: "desc", limit: 1 });
    expect([...items, ...rest].map(({ id }) => id).sort()).toEqual(["e1", "e2", "e3"]);
    expect(items.map(({ unreadable }) => unreadable)).toEqual(expect.arrayContaining([undefined, [name]]));
    for (const { createdAt, updatedAt } of items) {
      expect([createdAt, updatedAt].every((time) => !Number.isNaN(Date.parse(time)))).toBe(true);
    }
  });

  it.each(cases)("%s = %j: is neither run, read nor cancelled, and stays as it is", async (name, value) => {
    const { data, called, engine } = await setUp(name, value, says);
    const before = await stored(data);
    for (const call of [
      () => engine.getExecutionState("e2"),
      () => engine.getExecutionState("e2", { checkpoints: "last" }),
      () => engine.resumeWorkflow({ executionId: "e2" }),
      () => engine.resumeWorkflow({ executionId: "e2", definition: "current" }),
      () => engine.WorkflowState.resume("e2"),
      () => engine.cancelExecution({ executionId: "e2" }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: "STATE_CORRUPT", executionId: "e2" });
    }
    expect(called).toEqual([]);
    expect(await stored(data)).toEqual(before);
  });

  it.each(cases)("%s = %j: can be deleted, and pruning passes it by", async (name, value) => {
    const { data, engine } = await setUp(name, value, says);
    expect(await engine.pruneExecutions({ olderThanMs: 0, status: "failed" })).toBeLessThanOrEqual(2);
    expect((await data.listExecutions()).items.map(({ id }) => id)).toContain("e2");
    expect(await engine.deleteExecution({ executionId: "e2" })).toBe(true);
    expect(await engine.deleteExecution({ executionId: "e2" })).toBe(false);
    expect(await data.getExecution("e2")).toBeUndefined();
  });
});

/** What is stored of the damaged row: all of its head but the time of the look at it. */
async function stored(data: MemoryCheckpointStore): Promise<object> {
  return { ...(await data.getExecution("e2")), readAt: undefined };
}
