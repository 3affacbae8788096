import { describe, expect, it } from "vitest";
import { type CheckpointStore, isWorkflowError, type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { interceptStore, STORE_METHODS, type StoreMethod } from "../../src/store/intercept-store.ts";
import { crashAt } from "../../src/testing/index.ts";
import { branches, callOf, newWorld, type World } from "./world.ts";

const WORKFLOW = branches("a", "b", "work");
const CALL = callOf(WORKFLOW);

/** Nodes a and b ask, and wait for nothing else; node work fails once. */
function setUp() {
  const tokens: Record<string, string> = {};
  const completed: string[] = [];
  const executor: NodeExecutor = ({ node, resume, waitToken, attempt }) => {
    if (["a", "b"].includes(node.id) && resume === undefined) {
      tokens[node.id] = waitToken;
      return suspend();
    }
    if (node.id === "work" && attempt === 1) throw new Error("503");
    completed.push(node.id);
    return patch({ [node.id]: resume?.data ?? true });
  };
  const world = newWorld(WORKFLOW, executor, { leaseMs: 0, storeRetryMs: 0, retry: { maxAttempts: 2, backoffMs: 5 } });
  return { ...world, tokens, completed };
}
type SetUp = ReturnType<typeof setUp>;

/** What a process does that dies at some point, after others have done `before`. */
interface Scenario {
  before: (setUp: SetUp) => Promise<unknown>;
  act: (setUp: SetUp, engine: ReturnType<World["engine"]>) => Promise<unknown>;
}

const run = ({ engine, toEnd }: SetUp) => toEnd(engine().executeWorkflow(CALL));
const SCENARIOS: Record<string, Scenario> = {
  startExecution: {
    before: async () => undefined,
    act: (_setUp, engine) => engine.startExecution(CALL),
  },
  executeWorkflow: {
    before: async () => undefined,
    act: (_setUp, engine) => engine.executeWorkflow(CALL),
  },
  "startExecution with ifExists resume, of one that has failed": {
    before: async ({ engine, toEnd }) => {
      await toEnd(engine({ retry: { maxAttempts: 1 } }).executeWorkflow(CALL));
    },
    act: (_setUp, engine) => engine.startExecution({ ...CALL, ifExists: "resume" }),
  },
  answerWait: {
    before: run,
    act: ({ tokens }, engine) => engine.answerWait({ waitToken: tokens.a as string, data: "yes" }),
  },
  "resumeWorkflow with data": {
    before: run,
    act: (_setUp, engine) => engine.resumeWorkflow({ executionId: "e1", nodeId: "a", data: "yes" }),
  },
  recoverExecutions: {
    before: ({ engine }) => engine().startExecution(CALL),
    act: (_setUp, engine) => engine.recoverExecutions(),
  },
};

/** The number of calls of each method that a scenario makes if nobody dies. */
async function callsOf({ before, act }: Scenario): Promise<[StoreMethod, number][]> {
  const made = setUp();
  await before(made);
  const calls = new Map<StoreMethod, number>();
  const counted = interceptStore(made.store.reopen(), (method, call) => {
    calls.set(method, (calls.get(method) ?? 0) + 1);
    return call();
  });
  await made.toEnd(act(made, made.engine({ store: counted })));
  return [...calls];
}

describe.each(Object.entries(SCENARIOS))("a process that dies in %s, at any call of the store", (_name, scenario) => {
  it("leaves an execution that others complete, and loses no answer that it acknowledged", async () => {
    let points = 0;
    for (const [method, count] of await callsOf(scenario)) {
      for (const call of Array.from({ length: count }, (_, index) => index + 1)) {
        for (const when of ["before", "after"] as const) {
          await dieAt(scenario, { method, call, when });
          points += 1;
        }
      }
    }
    expect(points).toBeGreaterThan(3);
  });
});

async function dieAt(scenario: Scenario, point: { method: StoreMethod; call: number; when: "before" | "after" }) {
  const made = setUp();
  const { engine, store, toEnd, tokens, completed } = made;
  await scenario.before(made);
  const dying = engine({ store: crashAt(store.reopen(), point) as CheckpointStore });
  const ended = await toEnd(
    scenario.act(made, dying).then(
      () => undefined,
      (error: unknown) => error,
    ),
  );
  const where = JSON.stringify(point);
  if (ended !== undefined && !isWorkflowError(ended, "STORE_UNAVAILABLE")) throw ended;
  const acknowledged = ended === undefined;

  // Whoever wanted it asks again; all others only recover and answer what waits.
  const living = engine();
  await living.startExecution({ ...CALL, ifExists: "resume" });
  await recoverAll(made);
  let head = await store.getExecution("e1");
  expect([where, head?.status]).toEqual([where, "suspended"]);
  const answered = !head?.waiting?.some(({ nodeId }) => nodeId === "a");
  if (scenario === SCENARIOS.answerWait && acknowledged) expect([where, answered]).toEqual([where, true]);
  if (!answered) await living.answerWait({ waitToken: tokens.a as string, data: "yes" });
  await living.answerWait({ waitToken: tokens.b as string, data: "no" });
  await recoverAll(made);
  head = await store.getExecution("e1");
  expect([where, head?.status, head?.failure]).toEqual([where, "completed", undefined]);
  const state = await living.getExecutionState("e1");
  expect(state.getContext()).toEqual({ a: "yes", b: "no", work: true, end: true });
  const checkpoints = state.getCheckpoints().filter(({ error }) => error === undefined);
  expect(checkpoints.map(({ nodeId }) => nodeId).sort()).toEqual(["a", "b", "end", "work"]);
  // A node whose commit was made does not run again, so none of them more than twice.
  for (const id of ["a", "b", "end", "work"]) {
    expect(completed.filter((each) => each === id).length).toBeLessThanOrEqual(2);
  }
}

async function recoverAll({ engine, toEnd, pass }: SetUp): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await pass(20);
    await toEnd(engine().recoverExecutions());
  }
}

describe("the scenarios", () => {
  it("call every method of the store that a run needs", async () => {
    const methods = new Set(
      (await Promise.all(Object.values(SCENARIOS).map(callsOf))).flat().map(([method]) => method),
    );
    const others: StoreMethod[] = ["getDefinition", "deleteUnusedDefinitions", "deleteExecutions"];
    expect([...methods, ...others].sort()).toEqual(Object.keys(STORE_METHODS).sort());
  });
});
