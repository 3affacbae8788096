import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, route, type SuspendOptions, suspend } from "../../src/index.ts";
import { append, chain } from "./chain.ts";
import { callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);

/** An execution whose second node suspends with these options, and then takes its answer. */
async function suspended(options: () => unknown) {
  let calls = 0;
  const executor: NodeExecutor = (args) => {
    if (args.node.id === "n1") return append(args);
    calls += 1;
    return args.resume === undefined ? suspend(options() as SuspendOptions) : patch({ answer: args.resume });
  };
  const world = newWorld(WORKFLOW, executor, { retry: { maxAttempts: 3, backoffMs: 1 } });
  const result = await world.toEnd(world.engine().executeWorkflow(CALL));
  return { ...world, result, calls: () => calls };
}

const itself: Record<string, unknown> = {};
itself.itself = itself;

describe("suspend()", () => {
  it.each<[string, () => SuspendOptions, number | undefined]>([
    ["nothing", () => ({}), undefined],
    ["a Date", () => ({ until: new Date(Date.UTC(2027, 0, 1)) }), Date.UTC(2027, 0, 1)],
    ["milliseconds", () => ({ until: Date.UTC(2027, 0, 1) }), Date.UTC(2027, 0, 1)],
    ["a fraction, which is rounded up", () => ({ until: Date.UTC(2027, 0, 1) + 1 / 3 }), Date.UTC(2027, 0, 1) + 1],
    ["the last time there is", () => ({ until: new Date(8.64e15) }), 8.64e15],
    ["a time before 1970, which has passed", () => ({ until: new Date(-5) }), 0],
    ["a duration", () => ({ forMs: 1_000 }), Date.UTC(2026, 0, 1) + 1_000],
    ["a fraction of a duration", () => ({ forMs: 0.25 }), Date.UTC(2026, 0, 1) + 1],
    ["a hundred years", () => ({ forMs: 36_500 * 86_400_000 }), Date.UTC(2026, 0, 1) + 36_500 * 86_400_000],
    ["undefined for all", () => ({ until: undefined, forMs: undefined, reason: undefined }) as never, undefined],
  ])("until %s is on record", async (_what, options, wakeAt) => {
    const { result, store } = await suspended(options);
    expect(result.status).toBe("suspended");
    const head = await store.getExecution("e1");
    expect(head?.wakeAt).toBe(wakeAt);
    expect(head?.waiting?.[0]?.until).toBe(wakeAt);
    expect(result.wakeAt).toBe(wakeAt === undefined ? undefined : new Date(wakeAt).toISOString());
  });

  it.each<[string, () => unknown]>([
    ["an invalid Date", () => ({ until: new Date(Number.NaN) })],
    ["a time that no Date holds", () => ({ until: 8.64e15 + 1 })],
    ["text for a time", () => ({ until: "2027-01-01" })],
    ["a negative duration", () => ({ forMs: -1 })],
    ["a duration beyond a hundred years", () => ({ forMs: 36_500 * 86_400_000 + 1 })],
    ["no number of milliseconds", () => ({ forMs: Number.NaN })],
    ["both a time and a duration", () => ({ until: new Date(), forMs: 1 })],
    ["a reason that is no text", () => ({ reason: 5 })],
    ["a reason of 201 characters", () => ({ reason: "x".repeat(201) })],
    ["an option it does not know", () => ({ wakeAt: 5 })],
    ["an option that is misspelt", () => ({ Until: new Date() })],
    ["what is no object", () => 5],
    ["null", () => null],
    ["a context that is no object", () => ({ context: 5 })],
    ["a context that routes", () => ({ context: route({}, "x") })],
    ["a context that suspends", () => ({ context: suspend() })],
    ["a patch of nothing", () => ({ context: patch(null as never) })],
    [
      "a getter that throws",
      () => ({
        get reason() {
          throw new Error("no");
        },
      }),
    ],
  ])("with %s is the node's failure, which is not tried again", async (_what, options) => {
    const { result, calls, store } = await suspended(options);
    expect(result).toMatchObject({ status: "failed", failure: { code: "NODE_RESULT_INVALID", nodeId: "n2" } });
    expect(calls()).toBe(1);
    expect((await store.getExecution("e1"))?.waitingCount).toBeUndefined();
  });

  it.each<[string, () => unknown, string]>([
    ["a function as payload", () => ({ payload: () => 1 }), "STATE_NOT_SERIALIZABLE"],
    ["a payload that holds itself", () => ({ payload: itself }), "STATE_NOT_SERIALIZABLE"],
    ["a context that cannot be kept", () => ({ context: { f: () => 1 } }), "STATE_NOT_SERIALIZABLE"],
    ["a payload that is too large", () => ({ payload: "x".repeat(65 * 1024 * 1024) }), "PAYLOAD_TOO_LARGE"],
  ])("with %s is the node's failure, and changes neither context nor waits", async (_what, options, code) => {
    const { result, calls } = await suspended(options);
    expect(result).toMatchObject({ status: "failed", failure: { code, nodeId: "n2" }, output: { ran: ["n1"] } });
    expect(result.waiting).toBeUndefined();
    expect(calls()).toBe(1);
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["false", false],
    ["an empty text", ""],
    ["a Date and a Map", { at: new Date(7), map: new Map([["a", 1n]]) }],
    ["bytes", new Uint8Array([1, 2, 3])],
    ["what looks like a tag", { $type: "Date", value: 0 }],
  ])("shows a payload of %s to those who answer, exactly, also after a restart", async (_what, payload) => {
    const { result, engine } = await suspended(() => ({ payload }));
    expect(result.waiting?.[0]?.payload).toEqual(payload);
    expect((await engine().getExecutionState("e1")).getWaiting()[0]?.payload).toEqual(payload);
    expect("payload" in ((await engine().listExecutions()).items[0]?.waiting?.[0] ?? {})).toBe(false);
  });

  it("keeps what a payload was when the node gave it: later changes of it are nobody's", async () => {
    const payload = { list: [1] };
    const { result, engine } = await suspended(() => ({ payload }));
    payload.list.push(2);
    expect(result.waiting?.[0]?.payload).toEqual({ list: [1] });
    expect((await engine().getExecutionState("e1")).getWaiting()[0]?.payload).toEqual({ list: [1] });
  });

  it("makes a reason with half of a surrogate pair well-formed, and keeps one of 200 characters", async () => {
    const { result } = await suspended(() => ({ reason: `${"x".repeat(199)}\ud800` }));
    expect(result.waiting?.[0]?.reason).toBe(`${"x".repeat(199)}\ufffd`);
  });

  it.each<[string, () => SuspendOptions, object]>([
    ["a patch", () => ({ context: patch({ draft: 1 }) }), { ran: ["n1"], draft: 1 }],
    ["a whole context", () => ({ context: { draft: 1 } }), { draft: 1 }],
    ["nothing", () => ({}), { ran: ["n1"] }],
  ])(
    "keeps the context of %s before the wait, without a step or a checkpoint of its own",
    async (_what, options, kept) => {
      const { result, engine } = await suspended(options);
      expect(result).toMatchObject({ status: "suspended", currentStep: 1, checkpointsCount: 1 });
      expect(result.output).toEqual(kept);
      const state = await engine().getExecutionState("e1");
      expect(state.getContext()).toEqual(kept);
      expect(state.getCheckpoints()).toHaveLength(1);
      const answered = await engine().resumeWorkflow({ executionId: "e1", data: 5 });
      expect(answered.output).toEqual({ ...kept, answer: { data: 5, timedOut: false } });
    },
  );

  it("may be called again and again in one visit, with a context that grows and one answer at a time", async () => {
    const executor: NodeExecutor = ({ context, resume, visit, attempt }) => {
      const { asked = [] } = context as { asked?: unknown[] };
      const next = resume === undefined ? asked : [...asked, resume.data];
      if (next.length === 3) return { asked: next, visit, attempt };
      return suspend({ reason: `question ${next.length + 1}`, context: patch({ asked: next }) });
    };
    const { engine } = newWorld(chain(1), executor);
    expect(await engine().executeWorkflow(callOf(chain(1)))).toMatchObject({ waiting: [{ reason: "question 1" }] });
    for (const answer of ["a", "b"]) await engine().resumeWorkflow({ executionId: "e1", data: answer });
    const last = await engine().resumeWorkflow({ executionId: "e1", data: "c" });
    expect(last).toMatchObject({ status: "completed", output: { asked: ["a", "b", "c"], visit: 1 }, currentStep: 1 });
  });
});
