import fc from "fast-check";
import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { ConformanceFailure, equal, type Outcome, showError } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newCheckpoint, newCommit, newExecution, newSnapshot, uniqueId } from "../fixtures.ts";
import { type Operation, perform } from "../model/operation.ts";
import { anyPlan, fillIn, type Plan, racingPlan } from "../model/plan.ts";
import { answerOf, StoreModel } from "../model/store-model.ts";
import { race } from "../race.ts";

/** Cases that compare random calls with a model. A failure prints the seed and the shortest failing sequence found. */
export const randomCases: readonly ConformanceCase[] = [
  {
    id: "random/sequences",
    title: "answers random sequences of calls as the model does",
    invariant: 9,
    async run({ store, reopen, seed }) {
      const handles = [store, await reopen()] as const;
      // Every sequence has its own ids and its own workflow, so that all can use one store.
      // Without bias, which would make most sequences too short to reach interesting states.
      const commands = fc.noBias(
        fc.commands([anyPlan.map((plan) => new Call(plan))], { maxCommands: 40, size: "max" }),
      );
      // The calls of the run that failed last: fast-check tries ever shorter sequences.
      let failed: readonly string[] = [];
      const property = fc.asyncProperty(commands, async (calls) => {
        const real: Real = { handles, prefix: uniqueId("run"), turn: 0, made: [] };
        await fc
          .asyncModelRun(() => ({ model: new StoreModel(), real }), calls)
          .catch((error: unknown) => {
            failed = real.made;
            throw error;
          });
      });
      const show = () =>
        `\n  the shortest failing sequence that was found, ${failed.length} calls:${showCalls(failed)}`;
      await checkProperty(property, { seed, numRuns: 40 }, show);
    },
  },
  {
    id: "random/races",
    title: "answers racing calls as if they had been made one after another",
    invariant: 2,
    async run({ store, reopen, seed }) {
      const handles = [store, await reopen()] as const;
      const property = fc.asyncProperty(
        fc.array(racingPlan, { maxLength: 3 }),
        fc.array(racingPlan, { minLength: 2, maxLength: 5 }),
        (before, racing) => raceOnce(handles, before, racing),
      );
      // Not shrunk: a race that fails once may not fail the next time.
      await checkProperty(property, { seed, numRuns: 40, endOnFailure: true });
    },
  },
  {
    id: "random/texts",
    title: "keeps random ids apart, and returns random texts unchanged",
    invariant: 8,
    async run({ store, seed }) {
      const text = fc.string({ unit: "binary", maxLength: 40 }).filter((value) => !value.includes("\0"));
      const id = text.filter((value) => value !== "" && Buffer.byteLength(value) <= 500);
      const rows = fc.uniqueArray(fc.tuple(id, text, text), { minLength: 1, maxLength: 6, selector: ([key]) => key });
      const property = fc.asyncProperty(rows, async (made) => {
        const prefix = uniqueId("t");
        for (const [name, payload, nodeName] of made) {
          const created = await store.createExecution(
            newExecution(prefix + name, { checkpoint: newSnapshot({ payload }) }),
          );
          const checkpoint = newCheckpoint({ payload: nodeName, nodeName: payload, nodeId: name });
          await store.commit(prefix + name, newCommit(created, { checkpoints: [checkpoint] }));
        }
        for (const [name, payload, nodeName] of made) {
          const records = await store.readCheckpoints(prefix + name);
          equal(
            records.map((record) => [record.payload, record.nodeId, record.nodeName]),
            [
              [payload, "node-1", "Node 1"],
              [nodeName, name, payload],
            ],
            "Every text must be read back as it was written, under its own id.",
          );
        }
      });
      await checkProperty(property, { seed, numRuns: 25 }, ([made]) => showCalls(made.map((row) => fc.stringify(row))));
    },
  },
];

/** The first call of every sequence. */
const CREATE: Plan = {
  ...{ kind: "create", who: 0, isRunning: true, lease: 0, again: false, userId: "user-1" },
  given: { currentStep: 0, totalSteps: 3 },
};

interface Real {
  handles: readonly [CheckpointStore, CheckpointStore];
  prefix: string;
  turn: number;
  /** The calls so far, as text. */
  made: string[];
}

/** One call of a random sequence. It is made on one of two handles in turn, and on the model. */
class Call implements fc.AsyncCommand<StoreModel, Real> {
  readonly plan: Plan;

  constructor(plan: Plan) {
    this.plan = plan;
  }

  check(): boolean {
    return true;
  }

  async run(model: StoreModel, real: Real): Promise<void> {
    const name = (who: number) => `${real.prefix}:${who}`;
    const operation = fillIn(this.plan, model, name);
    real.made.push(JSON.stringify(operation));
    const handle = real.handles[real.turn++ % 2 ? 1 : 0];
    const isRefused = await compare(model, handle, operation);
    if (operation.kind === "get" || operation.kind === "read" || operation.kind === "list") return;
    // Compares the state after the call, as another handle sees it.
    const [ref] = operation.kind === "delete" ? operation.refs : [];
    const id =
      operation.kind === "create"
        ? operation.execution.id
        : operation.kind === "delete"
          ? (ref?.id ?? name(0))
          : operation.id;
    const other = real.handles[real.turn % 2 ? 1 : 0];
    await compare(model, other, { kind: "get", id });
    if (!isRefused) await compare(model, other, { kind: "read", id, options: {} });
  }

  toString(): string {
    return JSON.stringify(this.plan);
  }
}

/** Makes the call on the store and on the model. Returns whether both refused it. */
async function compare(model: StoreModel, handle: CheckpointStore, operation: Operation): Promise<boolean> {
  const actual = await perform(handle, operation);
  const expected = model.apply(operation, actual);
  const advice = `The store must answer as the model does to ${cut(JSON.stringify(operation))}`;
  // The comparison below would not show the error.
  if (!actual.ok && "value" in expected)
    throw new ConformanceFailure(`${advice}\n  found:    ${showError(actual.error)}`);
  equal(answerOf(operation, actual), expected, advice);
  return !actual.ok;
}

async function raceOnce(
  handles: readonly [CheckpointStore, CheckpointStore],
  before: readonly Plan[],
  racing: readonly Plan[],
): Promise<void> {
  const model = new StoreModel();
  const prefix = uniqueId("race");
  const name = (who: number) => `${prefix}:${who}`;
  for (const plan of [CREATE, ...before]) await compare(model, handles[0], fillIn(plan, model, name));
  const operations = racing.map((plan) => fillIn(plan, model, name));
  const outcomes = await race(
    operations.map((operation, index) => async () => perform(handles[index % 2 ? 1 : 0], operation)),
  );
  const answers = outcomes.flatMap((one) => (one.ok ? [one.value] : []));
  const last: Operation[] = [
    { kind: "get", id: name(0) },
    { kind: "read", id: name(0), options: {} },
  ];
  const left = await Promise.all(last.map((operation) => perform(handles[1], operation)));
  if (canBeOrdered(model, operations, answers, last, left)) return;
  const told = operations.map((operation, index) => {
    const answer = answers[index];
    const answered = JSON.stringify(answer && answerOf(operation, answer)) ?? "nothing";
    return `\n    ${cut(JSON.stringify(operation))}\n      -> ${cut(answered)}`;
  });
  throw new ConformanceFailure(
    `Racing calls must have the results of the same calls made one after another in some order, but no order explains these answers and the state afterwards:${told.join("")}\n    left: ${cut(JSON.stringify(left.map((one) => (one.ok ? one.value : one.code))))}`,
  );
}

/** Returns whether some order of the racing calls explains every answer and the state afterwards. */
function canBeOrdered(
  model: StoreModel,
  operations: readonly Operation[],
  answers: readonly Outcome<unknown>[],
  last: readonly Operation[],
  left: readonly Outcome<unknown>[],
): boolean {
  const fits = (from: StoreModel, operation: Operation | undefined, answer: Outcome<unknown> | undefined) => {
    if (operation === undefined || answer === undefined) return undefined;
    const next = new StoreModel(from);
    const expected = next.apply(operation, answer);
    try {
      equal(answerOf(operation, answer), expected, "");
      return next;
    } catch {
      return undefined;
    }
  };
  const search = (from: StoreModel, remaining: readonly number[]): boolean => {
    if (remaining.length === 0)
      return last.every((operation, index) => fits(from, operation, left[index]) !== undefined);
    return remaining.some((index) => {
      const next = fits(from, operations[index], answers[index]);
      return (
        next !== undefined &&
        search(
          next,
          remaining.filter((other) => other !== index),
        )
      );
    });
  };
  return search(
    model,
    operations.map((_, index) => index),
  );
}

/** The longest text of a call that a message shows, in characters. */
const MAX_CALL = 400;
/** The most calls of a sequence that a message shows: the last ones. */
const MAX_CALLS = 8;

function cut(text: string): string {
  return text.length > MAX_CALL ? `${text.slice(0, MAX_CALL)}… (${text.length} characters)` : text;
}

/** Shows the last calls of a sequence, each on a line of its own. */
function showCalls(calls: readonly string[]): string {
  const left = calls.length - MAX_CALLS;
  const shown = calls.slice(-MAX_CALLS).map((call) => `\n    ${cut(call)}`);
  return `${left > 0 ? `\n    … ${left} more before` : ""}${shown.join("")}`;
}

async function checkProperty<T>(
  property: fc.IAsyncPropertyWithHooks<T>,
  parameters: { seed: number; numRuns: number; endOnFailure?: boolean },
  show?: (counterexample: T) => string,
): Promise<void> {
  // Shrinking is limited, because a call can be slow on some stores.
  const details = await fc.check(property, {
    ...parameters,
    interruptAfterTimeLimit: 15_000,
    markInterruptAsFailure: false,
  });
  if (!details.failed) return;
  const { counterexample, errorInstance } = details;
  const isOurs = errorInstance instanceof ConformanceFailure;
  const problem = isOurs ? errorInstance.message : `A call that must resolve was rejected: ${showError(errorInstance)}`;
  const shown = show === undefined || counterexample === null ? "" : show(counterexample);
  throw new ConformanceFailure(`${problem}${shown}`, { cause: errorInstance });
}
