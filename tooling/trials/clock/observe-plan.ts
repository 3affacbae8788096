import {
  type CheckpointStore,
  type Clock,
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  isWorkflowError,
  type NodeExecutor,
  patch,
  RetryAfterError,
  route,
  suspend,
} from "@waymark/core";
import type { Behaviour, RandomPlan } from "./random-workflow.ts";

/** The observed results of a plan. All of them must be independent of the wall clock. */
export interface Observed {
  /** The result of each run, or its error. */
  ends: object[];
  /** The node and attempt of each node run, in the order in which they began. */
  runs: string[];
  /** 0 if durations do not repeat exactly: neither does their number then. */
  renewals: number;
  retries: number;
  suspensions: number;
  events: string[];
  /** The records in the store, without times and random ids. */
  history: object[];
}

/** The environment in which a plan is observed. */
export interface Surroundings {
  store: CheckpointStore;
  clock: Clock;
  executionId: string;
  renewals: () => number;
  /** Called at each step of the engine and its nodes. */
  onStep: () => void;
  /** Waits until a run has ended, and advances the clock if it is not real. */
  toEnd: <T>(run: Promise<T>) => Promise<T>;
  /** True if durations repeat exactly. */
  exact: boolean;
}

const MAX_RUNS = 60;

/** Runs a plan to its end: answers nodes that wait, and resumes runs that failed or stopped. */
export async function observePlan(plan: RandomPlan, surroundings: Surroundings): Promise<Observed> {
  const { store, clock, executionId, onStep, toEnd, exact } = surroundings;
  const ends: object[] = [];
  const runs: string[] = [];
  const events: string[] = [];
  const renewalsBefore = surroundings.renewals();
  const executor = executorOf({ clock, onStep, runs });
  const make = () =>
    createWorkflowEngine({
      store,
      clock,
      workflows: [plan.definition],
      executors: { default: executor },
      durability: plan.durability,
      retry: { maxAttempts: 2, backoffMs: 5, jitter: 0 },
      timeoutMs: 24 * 3_600_000,
      onEvent: ({ type, ...event }) => {
        onStep();
        // In async durability, the next node starts before or after it.
        if (type === "checkpoint.committed") return;
        const { nodeId, attempt, durationMs, retryInMs } = event as Record<string, unknown>;
        events.push(JSON.stringify({ type, nodeId, attempt, retryInMs, ...(exact ? { durationMs } : {}) }));
      },
    });
  let engine = make();
  let result: ExecuteWorkflowResult | undefined;
  for (let run = 0; run < MAX_RUNS && result?.status !== "completed"; run++) {
    if (plan.forgets) engine = make();
    // Only the first runs have limits, because later ones must be able to finish.
    const limits = plan.limits[run] ?? {};
    const [waiting] = result?.status === "suspended" ? (result.waiting ?? []) : [];
    const answer = waiting === undefined ? {} : { nodeId: waiting.nodeId, data: { answer: run } };
    const call =
      run === 0
        ? engine.executeWorkflow({ workflowId: plan.definition.id, userId: "u1", executionId, ...limits })
        : engine.resumeWorkflow({ executionId, ...limits, ...answer });
    try {
      result = await toEnd(call);
    } catch (error) {
      ends.push({ thrown: isWorkflowError(error) ? `${error.code}: ${error.message}` : String(error) });
      break;
    }
    ends.push(describeEnd(result));
  }
  const renewals = exact ? surroundings.renewals() - renewalsBefore : 0;
  const records = await store.readCheckpoints(executionId);
  const history = records.map(({ id: _id, timestamp, durationMs, error, ...record }) => {
    if (!Number.isSafeInteger(timestamp) || !(durationMs >= 0))
      throw new Error(`Bad times in ${JSON.stringify(record)}`);
    const payload = withoutChance(record.payload);
    return { ...record, payload, failure: error?.message, ...(exact ? { durationMs } : {}) };
  });
  const count = (text: string) => events.filter((event) => event.includes(text)).length;
  return {
    ends,
    runs,
    renewals,
    events,
    history,
    retries: count("retryInMs"),
    suspensions: count("execution.suspended"),
  };
}

/** Without its duration: a run that waits for the next attempt goes by the store's clock, which is not moved. */
function describeEnd(result: ExecuteWorkflowResult): object {
  const { executionId: _id, failure, durationMs: _durationMs, ...rest } = result;
  const end = { ...rest, failure: failure && `${failure.code}: ${failure.message}` };
  return JSON.parse(withoutChance(JSON.stringify(end)));
}

/** Removes what differs from run to run in any case: times, and texts that are made from random ones. */
function withoutChance(json: string): string {
  return json
    .replaceAll(/"instance":"[^"]*"/g, '"instance":"…"')
    .replaceAll(/ww_[\w-]+\.[\w-]+/g, "ww_…")
    .replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"…"')
    .replaceAll(/(?<=[,:[])1\d{12}(?=[,\]}])/g, "0");
}

function executorOf(options: { clock: Clock; onStep: () => void; runs: string[] }): NodeExecutor {
  const { clock, onStep, runs } = options;
  return async ({ context, node, data, attempt, resume }) => {
    const { takesMs, failures, retryAfterMs, suspends, handles, patches } = data as Behaviour;
    runs.push(`${node.id}.${attempt}`);
    onStep();
    if (takesMs > 0) await new Promise<void>((resolve) => void clock.schedule(takesMs, resolve));
    onStep();
    if (attempt <= failures) {
      if (retryAfterMs === undefined) throw new Error(`no luck in attempt ${attempt}`);
      throw new RetryAfterError("busy", { retryAfterMs });
    }
    if (suspends && resume === undefined) return suspend();
    const log = [...((context.log as string[] | undefined) ?? []), node.id];
    const changes = { log, [node.id]: { attempt, answer: resume?.data ?? null } };
    const result = patches ? patch(changes) : { ...context, ...changes };
    return handles === undefined ? result : route(result, handles);
  };
}
