import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CheckpointStore, isWorkflowError, type NodeExecutor, route, suspend } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { type RandomWorkflow, randomWorkflow } from "../definition/random-workflow.ts";
import { callOf, newWorld, type World } from "./world.ts";

/** What a node does before it completes: it waits for so many answers, or fails so often. */
interface Habits {
  asks: number;
  fails: number;
}

/** What happens to a run, one after the other. */
type Interruption =
  | { kind: "crash"; call: number; when: "before" | "after" }
  | { kind: "budget"; budgetMs: number }
  | { kind: "recovery" }
  | { kind: "answer"; pick: number; way: "answerWait" | "resumeWorkflow" }
  | { kind: "time"; ms: number };

const habits: fc.Arbitrary<Habits[]> = fc.array(
  fc.record({ asks: fc.constantFrom(0, 0, 0, 1, 2), fails: fc.constantFrom(0, 0, 0, 1, 2) }),
  { minLength: 10, maxLength: 10 },
);
const interruptions: fc.Arbitrary<Interruption[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant("crash" as const),
      call: fc.integer({ min: 1, max: 6 }),
      when: fc.constantFrom("before" as const, "after" as const),
    }),
    fc.record({ kind: fc.constant("budget" as const), budgetMs: fc.integer({ min: 0, max: 300 }) }),
    fc.record({ kind: fc.constant("recovery" as const) }),
    fc.record({
      kind: fc.constant("answer" as const),
      pick: fc.nat({ max: 9 }),
      way: fc.constantFrom("answerWait" as const, "resumeWorkflow" as const),
    }),
    fc.record({ kind: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 500 }) }),
  ),
  { maxLength: 15 },
);

describe.each(["sync", "async"] as const)(
  "an execution of a random graph with waits and retries, in %s durability",
  (durability) => {
    it("has the same result, whatever interrupts it, and no completed node runs again", async () => {
      await fc.assert(
        fc.asyncProperty(randomWorkflow(10), habits, interruptions, async (random, each, plan) => {
          const expected = await setUp(random, each, durability).finish();
          const world = setUp(random, each, durability);
          for (const interruption of plan) await world.interrupt(interruption);
          expect(await world.finish()).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    });
  },
);

function setUp({ definition, choices }: RandomWorkflow, each: Habits[], durability: "sync" | "async") {
  const index = new Map(definition.nodes.map(({ id }, at) => [id, at]));
  const executor: NodeExecutor = (args) => {
    const { node, context, resume } = args;
    const { asks = 0, fails = 0 } = each[index.get(node.id) ?? 0] ?? {};
    const { answers = {}, done = {} } = context as { answers?: Record<string, unknown[]>; done?: object };
    const given = [...(answers[node.id] ?? []), ...(resume === undefined ? [] : [resume.data])];
    if (args.attempt <= fails) throw new Error(`503 of ${node.id}`);
    if (given.length < asks) return suspend({ context: { ...context, answers: { ...answers, [node.id]: given } } });
    const next = { ...context, answers: { ...answers, [node.id]: given }, done: { ...done, [node.id]: true } };
    const handles = choices.get(node.id);
    return handles === undefined ? next : route(next, handles);
  };
  const retry = { maxAttempts: 3, backoffMs: 100, jitter: 0.5 };
  const world = newWorld(definition, executor, {
    retry,
    durability,
    leaseMs: 0,
    storeRetryMs: 0,
    maxRecoveries: 1_000,
  });
  return { interrupt: (interruption: Interruption) => interrupt(world, interruption), finish: () => finish(world) };
}

const CALL = { ...callOf({ id: "random" } as never), ifExists: "resume" as const };

async function interrupt(world: World, interruption: Interruption): Promise<void> {
  const { engine, store, toEnd, pass } = world;
  const quietly = async (work: Promise<unknown>) => {
    const error = await toEnd(
      work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      ),
    );
    if (error !== undefined && !isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
  };
  switch (interruption.kind) {
    case "crash": {
      const { call, when } = interruption;
      await quietly(
        engine({ store: crashAt(store.reopen(), { call, when }) as CheckpointStore }).executeWorkflow(CALL),
      );
      break;
    }
    case "budget":
      await quietly(engine().executeWorkflow({ ...CALL, budgetMs: interruption.budgetMs }));
      break;
    case "recovery":
      await quietly(engine().recoverExecutions());
      break;
    case "time":
      await pass(interruption.ms);
      break;
    case "answer":
      await answer(world, interruption);
  }
}

/** Answers a wait that is on record: what is acknowledged must arrive. */
async function answer({ engine, store, toEnd }: World, { pick, way }: Extract<Interruption, { kind: "answer" }>) {
  const head = await store.getExecution("e1");
  if (head === undefined) return;
  const { answerWait, resumeWorkflow, getExecutionState } = engine();
  const waiting = (await getExecutionState("e1")).getWaiting();
  const wait = waiting[pick % Math.max(1, waiting.length)];
  if (wait === undefined) return;
  // The answer depends on the node and its question, not on who gives it, or when.
  const data = `answer to ${wait.nodeId}`;
  if (way === "answerWait") await toEnd(answerWait({ waitToken: wait.waitToken as string, data }));
  else await toEnd(resumeWorkflow({ executionId: "e1", nodeId: wait.nodeId, data }));
}

/** Runs it to its end, as somebody who answers whatever is asked. */
async function finish(world: World): Promise<object> {
  const { engine, toEnd, pass } = world;
  for (let round = 0; round < 100; round++) {
    const result = await toEnd(engine().executeWorkflow(CALL));
    if (result.status === "completed") {
      const state = await engine().getExecutionState("e1");
      const { answers = {}, done = {} } = state.getContext() as { answers?: object; done?: object };
      const completed = state.getCheckpoints().filter(({ error }) => error === undefined);
      expect(new Set(completed.map(({ nodeId }) => nodeId)).size).toBe(completed.length);
      return { answers: sorted(answers), done: sorted(done), steps: [result.currentStep, result.totalSteps] };
    }
    if (result.status === "failed") throw new Error(`It failed: ${result.error}`);
    await answer(world, { kind: "answer", pick: 0, way: "answerWait" });
    await pass(50);
  }
  throw new Error("It does not end.");
}

function sorted(record: object): object {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)));
}
