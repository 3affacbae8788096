import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, isWorkflowError, type NodeExecutor, suspend, type UserEngine } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { chain } from "./chain.ts";

const ask: NodeExecutor = ({ context, resume }) =>
  resume === undefined ? suspend() : { ...context, answer: resume.data };

/** Alice has one execution that waits, one that was cut off, and one that failed; bob has none. */
async function setUp() {
  const kept = new MemoryCheckpointStore();
  const calls: string[] = [];
  const store = interceptStore(kept, (method, call) => {
    calls.push(method);
    return call();
  });
  const executors = { default: ask, work: (({ context }) => context) satisfies NodeExecutor };
  const workflows = [chain(1), { id: "work", nodes: [{ id: "w", type: "work" }], edges: [] }];
  const engine = createWorkflowEngine({ store, workflows, executors });
  await engine.executeWorkflow({ workflowId: "chain", userId: "alice", executionId: "waits" });
  await engine.executeWorkflow({ workflowId: "work", userId: "alice", executionId: "cut-off", budgetMs: 0 });
  const before = await heads(kept);
  calls.length = 0;
  return { engine, kept, calls, before };
}

async function heads(store: MemoryCheckpointStore): Promise<unknown> {
  return (await store.listExecutions()).items.map(({ readAt: _readAt, ...head }) => head);
}

type Engine = Awaited<ReturnType<typeof setUp>>["engine"];
/** What a member is called with, for an execution and a user. */
type Call = (members: Omit<Engine, "forUser"> | UserEngine, executionId: string, user: { userId?: string }) => unknown;

const first = async (items: AsyncIterable<unknown>) => (await items[Symbol.asyncIterator]().next()).value;

/** The members that take the id of an execution. */
const BY_ID: Record<string, Call> = {
  executeWorkflow: (members, resumeFromExecutionId, user) =>
    members.executeWorkflow({ workflowId: "chain", userId: "", ...user, resumeFromExecutionId }),
  executeWorkflowV2: (members, resumeFromExecutionId, user) =>
    members.executeWorkflowV2({ workflowId: "chain", userId: "", ...user, resumeFromExecutionId }),
  recoverExecution: (members, executionId, user) => members.recoverExecution({ executionId, ...user }),
  resumeWorkflow: (members, executionId, user) => members.resumeWorkflow({ executionId, data: "yes", ...user }),
  getExecutionState: (members, executionId, user) => members.getExecutionState(executionId, user),
  inspectExecution: (members, executionId, user) => members.inspectExecution({ executionId, ...user }),
  watchExecution: (members, executionId, user) => first(members.watchExecution({ executionId, ...user })),
  cancelExecution: (members, executionId, user) => members.cancelExecution({ executionId, ...user }),
  forkExecution: (members, executionId, user) => members.forkExecution({ executionId, at: { stepNumber: 0 }, ...user }),
  deleteExecution: (members, executionId, user) => members.deleteExecution({ executionId, ...user }),
  WorkflowState: (members, executionId, user) => members.WorkflowState.resume(executionId, user),
};
/** The members that take a user, and no execution. */
const BY_USER: Record<string, Call> = {
  startExecution: (members, _id, user) =>
    members.startExecution({ workflowId: "work", userId: "", ...user, executionId: "new" }),
  recoverExecutions: (members, _id, user) => members.recoverExecutions(user),
  startRecovery: async (members, _id, user) => members.startRecovery(user).stop(),
  executeWorkflowSync: (members, _id, user) =>
    members.executeWorkflowSync({ workflowId: "work", userId: "", ...user, executionId: "new" }),
  listExecutions: (members, _id, user) => members.listExecutions(user),
  executions: (members, _id, user) => first(members.executions(user)),
  pruneExecutions: (members, _id, user) => members.pruneExecutions({ olderThanMs: 0, ...user }),
};
const WITHOUT_USER = ["dispatcher", "forUser", "pruneDefinitions", "drain"];
/** Takes a token, which names the execution: see answer-wait.test.ts. */
const BY_TOKEN = ["answerWait"];

/** What some members answer for an id that does not exist; the others throw. */
const ANSWERS: Record<string, object> = {
  deleteExecution: { result: false },
  recoverExecution: { result: { state: "done" } },
};

/** The outcome of a call, without the id that it was made for. */
async function outcome(call: () => unknown, executionId: string): Promise<unknown> {
  try {
    return { result: await call() };
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    const { code, message, details, cause } = error;
    return JSON.parse(JSON.stringify({ code, message, details, cause }).replaceAll(executionId, "<id>"));
  }
}

it("every member of an engine is in one of the lists of this test", async () => {
  const { engine } = await setUp();
  const listed = [...Object.keys(BY_ID), ...Object.keys(BY_USER), ...BY_TOKEN, ...WITHOUT_USER].sort();
  expect(Object.keys(engine).sort()).toEqual(listed);
  expect(Object.keys(engine.forUser("bob")).sort()).toEqual(listed.filter((name) => !WITHOUT_USER.includes(name)));
});

describe.each(Object.entries(BY_ID))("%s of another user's execution", (name, call) => {
  const bound = { userId: "bob" };
  it.each<[string, (engine: Engine, executionId: string) => unknown]>([
    ["with userId", (engine, executionId) => call(engine, executionId, bound)],
    [
      "by forUser",
      (engine, executionId) => call(engine.forUser("bob"), executionId, name.startsWith("execute") ? bound : {}),
    ],
  ])("%s answers as for an id that does not exist, and changes nothing", async (_title, ask) => {
    const { engine, kept, calls, before } = await setUp();
    const unknown = await outcome(() => ask(engine, "nobody's"), "nobody's");
    const readForUnknown = calls.splice(0);
    const others = await outcome(() => ask(engine, "waits"), "waits");
    expect(others).toEqual(unknown);
    expect(others).toEqual(
      ANSWERS[name] ?? { code: "EXECUTION_NOT_FOUND", message: 'No execution "<id>".', details: {} },
    );
    expect(calls).toEqual(readForUnknown);
    expect(await heads(kept)).toEqual(before);
  });

  it("is refused before the row is looked at further, also if it cannot be read", async () => {
    const { engine, kept } = await setUp();
    const get = kept.getExecution.bind(kept);
    kept.getExecution = async (id) => {
      const head = await get(id);
      return head === undefined ? head : { ...head, unreadable: ["failure"], seq: -1 };
    };
    const others = await outcome(() => call(engine, "waits", bound), "waits");
    expect(others).toEqual(await outcome(() => call(engine, "nobody's", bound), "nobody's"));
  });

  it("works for its own user", async () => {
    const { engine } = await setUp();
    const executionId = name === "WorkflowState" ? "cut-off" : "waits";
    expect(await outcome(() => call(engine, executionId, { userId: "alice" }), "x")).toHaveProperty("result");
    const again = await setUp();
    const mine = again.engine.forUser("alice");
    const user = name.startsWith("execute") ? { userId: "alice" } : {};
    expect(await outcome(() => call(mine, executionId, user), "x")).toHaveProperty("result");
  });
});

describe.each(Object.entries({ ...BY_ID, ...BY_USER }))("a userId that is empty, for %s", (_name, call) => {
  it.each([undefined, null, ""])("is refused: %o", async (userId) => {
    const { engine, kept, calls, before } = await setUp();
    for (const members of [engine, engine.forUser("alice")]) {
      expect(await outcome(() => call(members, "waits", { userId } as never), "x")).toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("userId: must"),
      });
    }
    expect(calls).toEqual([]);
    expect(await heads(kept)).toEqual(before);
  });
});

describe("forUser", () => {
  it.each(Object.entries({ ...BY_ID, ...BY_USER }))(
    "refuses a call of %s that names another user",
    async (_name, call) => {
      const { engine, kept, calls, before } = await setUp();
      const bob = engine.forUser("bob");
      expect(await outcome(() => call(bob, "waits", { userId: "alice" }), "x")).toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(/userId: must be the one that forUser was called with\.$/),
      });
      expect(calls).toEqual([]);
      expect(await heads(kept)).toEqual(before);
    },
  );

  it("shows, starts and prunes the user's own executions only, destructured", async () => {
    const { engine, kept } = await setUp();
    const { executeWorkflow, executeWorkflowSync, listExecutions, executions, pruneExecutions, WorkflowState } =
      engine.forUser("bob");
    expect((await listExecutions()).items).toEqual([]);
    await engine.executeWorkflow({ workflowId: "work", userId: "alice", executionId: "done" });
    await executeWorkflow({ workflowId: "work", executionId: "b1" });
    await executeWorkflowSync({ workflowId: "work", executionId: "b2" });
    await WorkflowState.create("work", "bob");
    expect(new Set((await listExecutions({ workflowId: "work" })).items.map(({ userId }) => userId))).toEqual(
      new Set(["bob"]),
    );
    const ids: string[] = [];
    for await (const { id } of executions({ limit: 1, status: "completed" })) ids.push(id);
    expect(ids.sort()).toEqual(["b1", "b2"]);
    expect(await pruneExecutions({ olderThanMs: 0 })).toBe(2);
    expect(await kept.getExecution("done")).toMatchObject({ status: "completed" });
  });

  it("binds the state class: another user's is not created, imported or resumed", async () => {
    const { engine, kept } = await setUp();
    const { WorkflowState } = engine.forUser("bob");
    const row = { workflowId: "chain", userId: "alice", output: "{}" };
    const refused = { code: "INVALID_ARGUMENT" };
    await expect(WorkflowState.create("chain", "alice")).rejects.toMatchObject(refused);
    await expect(WorkflowState.importExecutionOutput(row)).rejects.toMatchObject(refused);
    await expect(WorkflowState.withStore(kept).create("chain", "alice")).rejects.toMatchObject(refused);
    await expect(WorkflowState.withStore(kept).resume("cut-off")).rejects.toMatchObject({
      code: "EXECUTION_NOT_FOUND",
    });
  });

  it("reads a call once, and refuses one that cannot be read", async () => {
    const { engine, before, kept } = await setUp();
    const { resumeWorkflow } = engine.forUser("bob");
    let reads = 0;
    const changing = {
      executionId: "waits",
      data: "yes",
      get userId() {
        return reads++ === 0 ? "bob" : "alice";
      },
    };
    await expect(resumeWorkflow(changing)).rejects.toMatchObject({ code: "EXECUTION_NOT_FOUND" });
    const inherited = Object.create({ executionId: "waits", data: "yes", userId: "alice" });
    await expect(resumeWorkflow(inherited)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const throwing = {
      get executionId(): string {
        throw new Error("no");
      },
    };
    await expect(resumeWorkflow(throwing)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(await heads(kept)).toEqual(before);
  });

  it.each([undefined, null, "", 7])("refuses %o as a user", async (userId) => {
    const { engine } = await setUp();
    expect(() => engine.forUser(userId as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("deleteExecution with userId", () => {
  it("spares an execution that another user has made under the id since it was looked at", async () => {
    const { engine, kept } = await setUp();
    const get = kept.getExecution.bind(kept);
    kept.getExecution = async (id) => {
      const head = await get(id);
      kept.getExecution = get;
      await engine.deleteExecution({ executionId: id });
      await engine.executeWorkflow({ workflowId: "work", userId: "bob", executionId: id });
      return head;
    };
    expect(await engine.deleteExecution({ executionId: "waits", userId: "alice" })).toBe(false);
    expect(await kept.getExecution("waits")).toMatchObject({ userId: "bob", status: "completed" });
  });

  it("deletes one that was changed since it was looked at", async () => {
    const { engine, kept } = await setUp();
    const get = kept.getExecution.bind(kept);
    kept.getExecution = async (id) => {
      const head = await get(id);
      kept.getExecution = get;
      await engine.resumeWorkflow({ executionId: "cut-off" });
      return head;
    };
    expect(await engine.deleteExecution({ executionId: "cut-off", userId: "alice" })).toBe(true);
  });
});
