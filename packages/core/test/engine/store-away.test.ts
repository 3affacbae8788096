import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  type ExecuteWorkflowResult,
  isWorkflowError,
  type NodeExecutor,
  suspend,
  type WorkflowError,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { type Driven, driven } from "./driven-run.ts";
import { type Away, goingAway } from "./going-away.ts";

const STORE_RETRY_MS = 30_000;
const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
const RETRY = { maxAttempts: 2, backoffMs: 100 };

/** Each node's runs, by attempt, and whether its signal ever aborted. */
class Runs {
  readonly started: string[] = [];
  readonly aborted: string[] = [];
  readonly executor: (clock: ManualClock) => NodeExecutor = (clock) => async (args) => {
    const { node, attempt, resume, signal } = args;
    this.started.push(`${node.id}.${attempt}`);
    signal.addEventListener("abort", () => this.aborted.push(node.id));
    // n2 takes long: its lease must be renewed.
    await new Promise<void>((resolve) => void clock.schedule(node.id === "n2" ? 75_000 : 5, resolve));
    if (attempt <= (FAILURES[node.id] ?? 0)) throw new Error("503");
    if (node.id === "n3" && resume === undefined) return suspend();
    return append(args);
  };
}

/** A failure and its retry, a long node, a wait and its answer, a failure for good and a resume, all in one execution. */
const execute = ({ engine }: Driven) => engine.executeWorkflow(CALL);
const STORY: readonly ((run: Driven) => Promise<ExecuteWorkflowResult>)[] = [
  execute,
  ({ engine }) => engine.resumeWorkflow({ executionId: "e1", data: "yes" }),
  ({ engine }) => engine.resumeWorkflow({ executionId: "e1" }),
];
const FAILURES: Record<string, number> = { n1: 1, n4: 2 };
const RUNS = ["n1.1", "n1.2", "n2.1", "n3.1", "n3.1", "n4.1", "n4.2", "n4.3"];
const STATUSES = ["suspended", "failed", "completed"];

/** Tells the story while the store goes away; each part by an engine that knows nothing of the ones before. */
async function tellStory(away: Away, durability: "sync" | "async" = "sync") {
  const clock = new ManualClock();
  const storeClock = new ManualClock(0);
  const kept = new MemoryCheckpointStore({ clock: storeClock });
  const { away: store, calls } = goingAway(kept, clock, away);
  const runs = new Runs();
  const ends: string[] = [];
  const tell = async (part: (run: Driven) => Promise<ExecuteWorkflowResult>) => {
    // Later engines have another definition, and read that of the execution.
    const options = {
      workflows: [chain(part === execute ? 4 : 5)],
      executors: { default: runs.executor(clock) },
      retry: RETRY,
      durability,
    };
    const run = driven(options, { clock, storeClock, store });
    ends.push(
      await run.toEnd(part(run)).then(
        ({ status }) => status,
        (error: unknown) => (isWorkflowError(error) ? error.code : String(error)),
      ),
    );
  };
  for (const part of STORY) await tell(part);
  /** Tries the whole story again until it is told; returns the nodes whose results were taken. */
  const finish = async (): Promise<unknown> => {
    for (let tries = 1; tries < 9 && ends.at(-1) !== "completed"; tries++) {
      if (ends[0] === "STORE_UNAVAILABLE" && ends.at(-1) === "EXECUTION_NOT_FOUND") await tell(execute);
      const head = await kept.getExecution("e1");
      const answer = head?.status === "suspended" ? { data: "yes" } : {};
      await tell(({ engine }) => engine.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 60_000, ...answer }));
    }
    const { engine } = driven({ workflows: [], executors: {} }, { clock, storeClock, store: kept });
    return (await engine.getExecutionState("e1")).getContext().ran;
  };
  return { calls, ends, finish, ...runs };
}

/** A story of which one part is told in a node that hangs until it is let go. */
function inFlight(options: { leaseMs?: number; away: Away }) {
  const clock = new ManualClock();
  const storeClock = new ManualClock(0);
  const kept = new MemoryCheckpointStore({ clock: storeClock });
  const { away, calls } = goingAway(kept, clock, options.away);
  const signals: AbortSignal[] = [];
  let endsMs = Number.POSITIVE_INFINITY;
  const hang: NodeExecutor = async (args) => {
    signals.push(args.signal);
    while (clock.elapsed() < endsMs) await new Promise<void>((resolve) => void clock.schedule(1_000, resolve));
    return append(args);
  };
  const run = driven({ workflows: [chain(2)], executors: { default: hang } }, { clock, storeClock, store: away });
  const endAt = (ms: number): void => {
    endsMs = ms;
  };
  return { ...run, kept, calls, signals, endAt };
}

const never: Away = { at: -1, when: "before", forMs: 0 };

describe.each(["sync", "async"] as const)(
  "a store that is away for a little less than storeRetryMs (%s)",
  (durability) => {
    it("stops no run, and repeats no node, at whichever call it goes", async () => {
      const undisturbed = await tellStory(never, durability);
      expect([undisturbed.ends, undisturbed.started]).toEqual([STATUSES, RUNS]);
      const kinds = new Set(undisturbed.calls.map((call) => call.replace(/,"(?:attempt|durationMs)":[\d.]+/g, "")));
      // Every kind of call that a run makes is among them.
      expect([...kinds]).toEqual([
        "saveDefinition",
        "createExecution",
        'commit {"kind":"error","nodeId":"n1"}',
        "renewal",
        'commit {"kind":"delta","nodeId":"n1"}',
        'commit {"kind":"delta","nodeId":"n2"}',
        'commit {"kind":"save","nodeId":"","status":"suspended"}',
        "getExecution",
        "getDefinition",
        "readCheckpoints",
        "claimExecution",
        'commit {"kind":"save","nodeId":""}',
        'commit {"kind":"delta","nodeId":"n3"}',
        'commit {"kind":"error","nodeId":"n4"}',
        'commit {"kind":"error","nodeId":"n4","status":"failed"}',
        'commit {"kind":"delta","nodeId":"n4","status":"completed"}',
      ]);
      for (const when of ["before", "after"] as const) {
        for (let at = 0; at < undisturbed.calls.length; at++) {
          const { ends, started, aborted } = await tellStory({ at, when, forMs: STORE_RETRY_MS - 1 }, durability);
          const what = `away ${when} call ${at}: ${undisturbed.calls[at]}`;
          expect([what, ends, started, aborted]).toEqual([what, STATUSES, RUNS, []]);
        }
      }
    });
  },
);

describe("a store that is away for longer than storeRetryMs", () => {
  it("ends the call with STORE_UNAVAILABLE; no node is aborted, and a resume repeats none that was committed", async () => {
    const undisturbed = await tellStory(never);
    for (let at = 0; at < undisturbed.calls.length; at++) {
      const what = `away before call ${at}: ${undisturbed.calls[at]}`;
      const { ends, aborted, finish } = await tellStory({ at, when: "before", forMs: STORE_RETRY_MS * 1.5 });
      expect([what, aborted]).toEqual([what, []]);
      // A renewal alone ends nothing: see below.
      if (undisturbed.calls[at] !== "renewal")
        expect([what, ends]).toEqual([what, expect.arrayContaining(["STORE_UNAVAILABLE"])]);
      expect([what, await finish()]).toEqual([what, ["n1", "n2", "n3", "n4"]]);
    }
  });

  it("disturbs no node in flight: one that ends once the store is back has run once, though renewals got lost", async () => {
    const run = inFlight({ away: { at: 2, when: "before", forMs: 10 * STORE_RETRY_MS } });
    run.endAt(11 * STORE_RETRY_MS);
    const result = await run.toEnd(run.engine.executeWorkflow({ ...CALL }));
    expect(result).toMatchObject({ status: "completed", output: { ran: ["n1", "n2"] } });
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([false, false]);
  });

  it("lets the node in flight end, and gives up storeRetryMs after that", async () => {
    const run = inFlight({ away: { at: 2, when: "before", forMs: 10 * STORE_RETRY_MS } });
    run.endAt(5 * STORE_RETRY_MS);
    const error = await run.toEnd(run.engine.executeWorkflow({ ...CALL }).catch((thrown: unknown) => thrown));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE", executionId: "e1" });
    expect(run.clock.elapsed()).toBe(6 * STORE_RETRY_MS);
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it("disturbs no node in flight beyond a spent budget, either", async () => {
    const run = inFlight({ away: { at: 2, when: "before", forMs: STORE_RETRY_MS } });
    run.endAt(3 * STORE_RETRY_MS);
    const result = await run.toEnd(run.engine.executeWorkflow({ ...CALL, budgetMs: 5_000 }));
    expect(result).toMatchObject({ status: "pending", output: { ran: ["n1"] } });
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([false]);
  });

  it("and taken over meanwhile: the node hears of it, and the result says who has it", async () => {
    const run = inFlight({ away: { at: 2, when: "before", forMs: 2 * STORE_RETRY_MS } });
    run.endAt(Number.POSITIVE_INFINITY);
    const first = run.engine.executeWorkflow({ ...CALL });
    const others = createWorkflowEngine({
      store: run.kept,
      workflows: [chain(2)],
      executors: { default: append },
      clock: run.clock,
    });
    let takenOver: Promise<ExecuteWorkflowResult> | undefined;
    // The lease has lapsed by the store's clock while nothing could be renewed.
    run.clock.schedule(1.9 * STORE_RETRY_MS, () => {
      takenOver = others.resumeWorkflow({ executionId: "e1" });
    });
    const result = await run.toEnd(first);
    expect(result).toMatchObject({
      status: "lost",
      recordedStatus: "completed",
      failure: { code: "LEASE_LOST" },
      success: false,
    });
    expect(await takenOver).toMatchObject({ status: "completed", success: true, output: { ran: ["n1", "n2"] } });
    expect(run.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe("a lost execution", () => {
  it("is reported though the store goes away when its record is read", async () => {
    const run = inFlight({ away: { at: 3, when: "before", forMs: STORE_RETRY_MS - 1 } });
    const first = run.engine.executeWorkflow({ ...CALL });
    const others = createWorkflowEngine({ store: run.kept, workflows: [], executors: {} });
    run.clock.schedule(5_000, () => void others.cancelExecution({ executionId: "e1" }));
    expect(await run.toEnd(first)).toMatchObject({ status: "cancelled", failure: { code: "EXECUTION_CANCELLED" } });
    expect(run.calls).toEqual(["saveDefinition", "createExecution", "renewal", "getExecution"]);
  });
});

describe("what is done with executions without running them", () => {
  it("waits for a store that is away, too", async () => {
    const kept = new MemoryCheckpointStore();
    const options = { workflows: [chain(1)], executors: { default: append } };
    await createWorkflowEngine({ ...options, store: kept }).executeWorkflow(CALL);
    const work: ((engine: Driven["engine"]) => Promise<unknown>)[] = [
      (engine) => engine.getExecutionState("e1"),
      (engine) => engine.listExecutions(),
      (engine) => engine.pruneExecutions({ olderThanMs: 0, workflowId: "another" }),
      (engine) =>
        engine.cancelExecution({ executionId: "e1" }).catch((error: unknown) => (error as WorkflowError).code),
      (engine) => engine.WorkflowState.create("w", "u1"),
      (engine) => engine.WorkflowState.resume("e1").catch((error: unknown) => (error as WorkflowError).code),
      (engine) => engine.deleteExecution({ executionId: "e1" }),
    ];
    for (const each of work) {
      const clock = new ManualClock();
      const { away, calls } = goingAway(kept, clock, { at: 0, when: "before", forMs: STORE_RETRY_MS - 1 });
      const { engine, toEnd } = driven(options, { clock, store: away });
      await toEnd(each(engine));
      expect([String(each), calls.length, clock.elapsed() >= STORE_RETRY_MS - 1]).toEqual([String(each), 1, true]);
    }
  });
});
