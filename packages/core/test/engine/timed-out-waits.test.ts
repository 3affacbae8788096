import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { chain } from "./chain.ts";
import { until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(1);
const CALL = callOf(WORKFLOW);

/** A node that waits for a while, and notes what it is resumed with. */
function setUp(forMs: number, behave: (call: number) => void = () => undefined) {
  const seen: unknown[] = [];
  let token = "";
  const executor: NodeExecutor = ({ resume, waitToken }) => {
    if (resume === undefined) {
      token = waitToken;
      return suspend({ forMs });
    }
    seen.push(resume);
    behave(seen.length);
    return patch({ timedOut: resume.timedOut });
  };
  return { ...newWorld(WORKFLOW, executor, { retry: { maxAttempts: 2, backoffMs: 10 } }), seen, token: () => token };
}

const LATE = { data: undefined, timedOut: true };

describe("a wait whose time is over", () => {
  it("has its node run by a recovery, with resume.timedOut and without data, and not a millisecond before", async () => {
    const { engine, pass, seen, store, toEnd } = setUp(60_000);
    await engine().executeWorkflow(CALL);
    await pass(59_999);
    expect(await engine().recoverExecutions()).toEqual({ resumed: 0, left: [] });
    expect(await engine().resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "suspended" });
    expect(seen).toEqual([]);
    await pass(1);
    expect(await toEnd(engine().recoverExecutions())).toEqual({ resumed: 1, left: [] });
    expect(seen).toEqual([LATE]);
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
  });

  it("has its node run by a resume without data, by hand", async () => {
    const { engine, pass, seen } = setUp(1_000);
    await engine().executeWorkflow(CALL);
    await pass(1_000);
    const result = await engine().resumeWorkflow({ executionId: "e1" });
    expect(result).toMatchObject({ status: "completed", output: { timedOut: true } });
    expect(seen).toEqual([LATE]);
  });

  it("that was answered in time runs with the answer, however late", async () => {
    const { engine, pass, seen, token, toEnd } = setUp(1_000);
    await engine().executeWorkflow(CALL);
    await pass(999);
    await engine().answerWait({ waitToken: token(), data: "yes" });
    await pass(100_000);
    await toEnd(engine().recoverExecutions());
    expect(seen).toEqual([{ data: "yes", timedOut: false }]);
  });

  it("of no length, or in the past, is over at once", async () => {
    for (const options of [{ forMs: 0 }, { until: new Date(0) }]) {
      const executor: NodeExecutor = ({ resume }) => (resume === undefined ? suspend(options) : patch({ resume }));
      const { engine, toEnd } = newWorld(WORKFLOW, executor);
      await engine().executeWorkflow(CALL);
      await toEnd(engine().recoverExecutions());
      expect((await engine().getExecutionState("e1")).getContext()).toEqual({ resume: LATE });
    }
  });

  it("is still over after its node has failed and is tried again", async () => {
    const { engine, pass, seen, toEnd, store } = setUp(1_000, (call) => {
      if (call === 1) throw new Error("503");
    });
    await engine().executeWorkflow(CALL);
    await pass(1_000);
    await toEnd(engine().recoverExecutions());
    expect(seen).toEqual([LATE, LATE]);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });

  it("is still over after its node has failed for good, and takes no answer any more", async () => {
    const { engine, pass, seen, toEnd, token, store } = setUp(1_000, (call) => {
      if (call < 3) throw new Error("503");
    });
    const { executeWorkflow, recoverExecutions, answerWait, resumeWorkflow } = engine();
    await executeWorkflow(CALL);
    await pass(1_000);
    await toEnd(recoverExecutions());
    expect((await store.getExecution("e1"))?.status).toBe("failed");
    const refused = { code: "NOT_WAITING" };
    await expect(answerWait({ waitToken: token(), data: 1 })).rejects.toMatchObject(refused);
    await expect(resumeWorkflow({ executionId: "e1", data: 1 })).rejects.toMatchObject(refused);
    await expect(resumeWorkflow({ executionId: "e1", nodeId: "n1", data: 1 })).rejects.toMatchObject(refused);
    expect(await toEnd(resumeWorkflow({ executionId: "e1" }))).toMatchObject({ status: "completed" });
    expect(seen).toEqual([LATE, LATE, LATE]);
  });

  it("is still over after a crash in its node", async () => {
    let starts = 0;
    const executor: NodeExecutor = ({ resume }) => {
      if (resume === undefined) return suspend({ forMs: 1_000 });
      starts += 1;
      return starts === 1 ? new Promise<never>(() => undefined) : patch({ resume });
    };
    const { engine, pass } = newWorld(WORKFLOW, executor);
    await engine().executeWorkflow(CALL);
    await pass(1_000);
    void engine({ leaseMs: 0 }).recoverExecutions();
    await until(() => starts === 1);
    expect(await engine().resumeWorkflow({ executionId: "e1" })).toMatchObject({ output: { resume: LATE } });
  });

  it("lets the node wait again, with a new token and a new time", async () => {
    const tokens: string[] = [];
    const executor: NodeExecutor = ({ resume, waitToken, context }) => {
      tokens.push(waitToken);
      return resume === undefined || resume.timedOut ? suspend({ forMs: 1_000 }) : { ...context, answer: resume.data };
    };
    const { engine, pass, toEnd, store, clock } = newWorld(WORKFLOW, executor);
    await engine().executeWorkflow(CALL);
    for (let reminder = 0; reminder < 3; reminder++) {
      await pass(1_000);
      await toEnd(engine().recoverExecutions());
      expect(await store.getExecution("e1")).toMatchObject({ status: "suspended", wakeAt: clock.now() + 1_000 });
    }
    expect(new Set(tokens).size).toBe(4);
    await engine().answerWait({ waitToken: tokens.at(-1) as string, data: "yes" });
    await toEnd(engine().recoverExecutions());
    expect((await engine().getExecutionState("e1")).getContext()).toEqual({ answer: "yes" });
  });

  it("wakes its own node only: the others wait on, and their times are kept", async () => {
    const times: Record<string, number> = { a: 1_000, b: 3_000 };
    const ran: string[] = [];
    const executor: NodeExecutor = ({ node, resume }) => {
      if (node.id in times && resume === undefined) return suspend({ forMs: times[node.id] as number });
      ran.push(node.id);
      return patch({ [node.id]: resume ?? true });
    };
    const { engine, pass, toEnd, store, clock } = newWorld(branches("a", "b"), executor);
    await engine().executeWorkflow(callOf(branches()));
    const startedAt = clock.now();
    await pass(1_000);
    await toEnd(engine().recoverExecutions());
    expect(ran).toEqual(["a"]);
    expect(await store.getExecution("e1")).toMatchObject({
      ...{ status: "suspended", wakeAt: startedAt + 3_000, waitingCount: 1 },
      waiting: [{ nodeId: "b", since: startedAt, until: startedAt + 3_000 }],
    });
    await pass(2_000);
    await toEnd(engine().recoverExecutions());
    expect(ran).toEqual(["a", "b", "end"]);
  });
});
