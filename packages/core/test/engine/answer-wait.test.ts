import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { headIn } from "../head-in.ts";
import { chain } from "./chain.ts";
import { branches, callOf, newWorld } from "./world.ts";

const WORKFLOW = chain(2);
const CALL = callOf(WORKFLOW);

/** Each node asks, with its token noted as a mail would have it; an answer without `ok` is malformed. */
function setUp(workflow = WORKFLOW, forMs?: number) {
  const mails: string[] = [];
  const asks: NodeExecutor = ({ node, resume, waitToken }) => {
    if (node.id === "end") return patch({});
    if (resume === undefined) {
      mails.push(waitToken);
      return suspend(forMs === undefined ? {} : { forMs });
    }
    if (resume.timedOut) return patch({ [node.id]: "late" });
    if ((resume.data as { ok?: boolean } | null)?.ok === undefined) throw new Error("malformed answer");
    return patch({ [node.id]: resume.data });
  };
  return { ...newWorld(workflow, asks), mails };
}

const itself: unknown[] = [];
itself.push(itself);

const NOT_WAITING = { code: "NOT_WAITING" };

describe("answerWait", () => {
  it("keeps the answer, makes the execution due, and runs nothing", async () => {
    const { engine, store, clock, mails } = setUp();
    const { executeWorkflow, answerWait, listExecutions } = engine();
    await executeWorkflow(CALL);
    const before = await store.getExecution("e1");
    expect(await answerWait({ waitToken: mails[0] as string, data: { ok: true } })).toBeUndefined();
    expect(await store.getExecution("e1")).toMatchObject({ status: "pending", wakeAt: clock.now(), currentStep: 0 });
    expect((await store.getExecution("e1"))?.waiting).toBeUndefined();
    expect((await listExecutions({ due: true })).items).toHaveLength(1);
    expect((await store.getExecution("e1"))?.checkpointsCount).toBe(before?.checkpointsCount);
    expect(mails).toHaveLength(1);
  });

  it("of an execution that has failed at another node is kept, and leaves it failed until it is resumed", async () => {
    let isDown = true;
    const mails: string[] = [];
    const { engine, store } = newWorld(branches("a", "b"), ({ node, resume, waitToken }) => {
      if (node.id === "b" && isDown) throw new Error("down");
      if (node.id !== "a") return patch({ [node.id]: true });
      mails.push(waitToken);
      return resume === undefined ? suspend() : patch({ a: resume.data });
    });
    const { executeWorkflow, answerWait, recoverExecutions, resumeWorkflow } = engine();
    expect(await executeWorkflow(callOf(branches("a", "b")))).toMatchObject({ status: "failed" });
    const before = await headIn(store, "e1");
    await answerWait({ waitToken: mails[0] as string, data: "yes" });
    expect(await headIn(store, "e1")).toMatchObject({
      status: "failed",
      failure: before?.failure,
      endedAt: before?.endedAt,
    });
    expect(await recoverExecutions()).toEqual({ resumed: 0, left: [] });
    isDown = false;
    const output = { a: "yes", b: true, end: true };
    expect(await resumeWorkflow({ executionId: "e1" })).toMatchObject({ status: "completed", output });
  });

  it("by an engine that has neither the workflow nor its executors is kept for one that has", async () => {
    const { engine, mails, toEnd, store } = setUp(chain(1));
    await engine().executeWorkflow(callOf(chain(1)));
    await engine({ workflows: [], executors: {} }).answerWait({ waitToken: mails[0] as string, data: { ok: true } });
    await toEnd(engine().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed" });
  });

  it("replaces the kept answer until the node has completed; afterwards it is refused, and the next question still waits", async () => {
    const { engine, mails, toEnd, store } = setUp();
    const { executeWorkflow, answerWait, recoverExecutions, getExecutionState } = engine();
    await executeWorkflow(CALL);
    const [first = ""] = mails;
    await answerWait({ waitToken: first, data: { aproved: true } });
    await toEnd(recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "failed" });
    await answerWait({ waitToken: first, data: { aproved: false } });
    await answerWait({ waitToken: first, data: { ok: 1 } });
    await toEnd(recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "suspended", currentStep: 1 });
    const before = await headIn(store, "e1");
    for (let click = 0; click < 3; click++) {
      await expect(answerWait({ waitToken: first, data: { ok: 2 } })).rejects.toMatchObject(NOT_WAITING);
    }
    expect(await headIn(store, "e1")).toEqual(before);
    expect(mails).toHaveLength(2);
    await answerWait({ waitToken: mails[1] as string, data: { ok: 3 } });
    await toEnd(recoverExecutions());
    const state = await getExecutionState("e1");
    expect([state.getStatus(), state.getContext()]).toEqual(["completed", { n1: { ok: 1 }, n2: { ok: 3 } }]);
    await expect(answerWait({ waitToken: mails[1] as string, data: { ok: 4 } })).rejects.toMatchObject(NOT_WAITING);
  });

  it("by mail, opened twice, malformed at first, after a restart and an edit of the canvas, completes what began", async () => {
    const { engine, mails, toEnd, store } = setUp(chain(1));
    await engine().executeWorkflow(callOf(chain(1)));
    const edited = () => engine({ workflows: [{ ...chain(3), id: "chain" }] });
    await edited().answerWait({ waitToken: mails[0] as string, data: "yes" });
    await toEnd(edited().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({
      status: "failed",
      failure: { message: "malformed answer" },
    });
    await edited().answerWait({ waitToken: mails[0] as string, data: { ok: true } });
    await edited().answerWait({ waitToken: mails[0] as string, data: { ok: true } });
    await toEnd(edited().recoverExecutions());
    expect(await store.getExecution("e1")).toMatchObject({ status: "completed", totalSteps: 1 });
  });

  it("after the wait's time is over is refused, before and after somebody has noticed", async () => {
    const { engine, mails, toEnd, pass, store } = setUp(chain(1), 1_000);
    const { executeWorkflow, answerWait, recoverExecutions, getExecutionState, resumeWorkflow } = engine();
    await executeWorkflow(callOf(chain(1)));
    await pass(1_000);
    const late = { waitToken: mails[0] as string, data: { ok: true } };
    await expect(answerWait(late)).rejects.toMatchObject(NOT_WAITING);
    await expect(resumeWorkflow({ executionId: "e1", data: { ok: true } })).rejects.toMatchObject(NOT_WAITING);
    expect(await store.getExecution("e1")).toMatchObject({ status: "suspended" });
    await toEnd(recoverExecutions());
    await expect(answerWait(late)).rejects.toMatchObject(NOT_WAITING);
    expect((await getExecutionState("e1")).getContext()).toEqual({ n1: "late" });
  });

  it.each([
    ["is no token", "token"],
    ["is empty", ""],
    ["names no execution", `ww_${base64url("none")}.${"A".repeat(43)}`],
    ["names an execution, and is guessed", `ww_${base64url("e1")}.${"A".repeat(43)}`],
    ["names an id with U+0000", `ww_${base64url("a\0b")}.${"A".repeat(43)}`],
    ["names an id that is too long", `ww_${base64url("x".repeat(600))}.${"A".repeat(43)}`],
    ["names no UTF-8", `ww_${Buffer.from([0xff, 0xfe]).toString("base64url")}.${"A".repeat(43)}`],
    ["is a megabyte long", `ww_${"A".repeat(1_000_000)}.${"A".repeat(43)}`],
  ])("with a token that %s is refused in the same words", async (_what, waitToken) => {
    const { engine, store } = setUp();
    const { executeWorkflow, answerWait } = engine();
    await executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    await expect(answerWait({ waitToken, data: 1 })).rejects.toMatchObject({
      ...NOT_WAITING,
      message: 'Nothing waits for an answer with this waitToken ("ww_…", not an execution\'s id), or not any more.',
      executionId: undefined,
    });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it("for another user's execution is refused as an unknown token is", async () => {
    const { engine, mails, store } = setUp();
    const { executeWorkflow, answerWait, forUser } = engine();
    await executeWorkflow(CALL);
    const answer = { waitToken: mails[0] as string, data: { ok: true } };
    const unknown = { ...NOT_WAITING, message: expect.stringContaining("Nothing waits"), executionId: undefined };
    await expect(answerWait({ ...answer, userId: "u2" })).rejects.toMatchObject(unknown);
    await expect(forUser("u2").answerWait(answer)).rejects.toMatchObject(unknown);
    expect((await store.getExecution("e1"))?.status).toBe("suspended");
    await forUser("u1").answerWait(answer);
    expect((await store.getExecution("e1"))?.status).toBe("pending");
  });

  it("for an execution that was deleted and made again under its id is refused", async () => {
    const { engine, mails } = setUp();
    const { executeWorkflow, deleteExecution, answerWait } = engine();
    await executeWorkflow(CALL);
    await deleteExecution({ executionId: "e1" });
    await executeWorkflow(CALL);
    expect(new Set(mails).size).toBe(2);
    await expect(answerWait({ waitToken: mails[0] as string, data: 1 })).rejects.toMatchObject(NOT_WAITING);
  });

  it("for one that was cancelled is refused, and it stays cancelled", async () => {
    const { engine, mails, store } = setUp();
    const { executeWorkflow, cancelExecution, answerWait } = engine();
    await executeWorkflow(CALL);
    await cancelExecution({ executionId: "e1" });
    const before = await headIn(store, "e1");
    await expect(answerWait({ waitToken: mails[0] as string, data: 1 })).rejects.toMatchObject(NOT_WAITING);
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it.each<[string, unknown, string]>([
    ["a function", () => 1, "STATE_NOT_SERIALIZABLE"],
    ["what refers to itself", itself, "STATE_NOT_SERIALIZABLE"],
    ["more than the store keeps", "x".repeat(65 * 1024 * 1024), "PAYLOAD_TOO_LARGE"],
  ])("of %s keeps nothing that cannot be read back", async (_what, data, code) => {
    const { engine, mails, store } = setUp();
    const { executeWorkflow, answerWait } = engine();
    await executeWorkflow(CALL);
    const before = await headIn(store, "e1");
    const answered = answerWait({ waitToken: mails[0] as string, data });
    await expect(answered).rejects.toMatchObject({ code });
    expect(await headIn(store, "e1")).toEqual(before);
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["a Map of dates", new Map([["at", new Date(7)]])],
    ["bytes", new Uint8Array([1, 2])],
    ["a lone surrogate", "\ud800"],
    ["what looks like a tag of the codec", { $type: "Date", value: 0 }],
  ])("hands %s on to the node as it was given", async (_what, data) => {
    let seen: unknown;
    let token = "";
    const executor: NodeExecutor = ({ resume, waitToken, context }) => {
      token = waitToken;
      if (resume === undefined) return suspend();
      seen = resume;
      return context;
    };
    const { engine, toEnd } = newWorld(chain(1), executor);
    await engine().executeWorkflow(callOf(chain(1)));
    await engine().answerWait(data === undefined ? { waitToken: token } : { waitToken: token, data });
    await toEnd(engine().recoverExecutions());
    expect(seen).toEqual({ data, timedOut: false });
  });
});

describe("the token of a wait", () => {
  it("is known before the node suspends, in result and state, but not in listings, and the same over attempts", async () => {
    const seen: string[] = [];
    const executor: NodeExecutor = ({ attempt, waitToken }) => {
      seen.push(waitToken);
      if (attempt === 1) throw new Error("503");
      return suspend({ reason: "approval", payload: { total: 5 } });
    };
    const { engine, toEnd } = newWorld(chain(1), executor, { retry: { maxAttempts: 2, backoffMs: 1 } });
    const { executeWorkflow, getExecutionState, listExecutions } = engine();
    const result = await toEnd(executeWorkflow(callOf(chain(1))));
    expect(new Set(seen).size).toBe(1);
    const [waitToken] = seen;
    const wait = { nodeId: "n1", nodeName: "default", visit: 1, reason: "approval", payload: { total: 5 }, waitToken };
    expect(result.waiting).toMatchObject([wait]);
    expect((await getExecutionState("e1")).getWaiting()).toMatchObject([wait]);
    expect(JSON.stringify(await listExecutions())).not.toContain(String(waitToken));
    expect(waitToken).toMatch(/^ww_[\w-]+\.[\w-]{43}$/);
  });

  it("is another one once the node has suspended again", async () => {
    const tokens: string[] = [];
    const executor: NodeExecutor = ({ waitToken, resume, context }) => {
      tokens.push(waitToken);
      return (resume?.data as number) >= 2 ? context : suspend();
    };
    const { engine, toEnd, store } = newWorld(chain(1), executor);
    const { executeWorkflow, answerWait, recoverExecutions } = engine();
    await executeWorkflow(callOf(chain(1)));
    for (const data of [0, 1, 2]) {
      for (const old of tokens.slice(0, -1)) {
        await expect(answerWait({ waitToken: old, data: 9 })).rejects.toMatchObject(NOT_WAITING);
      }
      await answerWait({ waitToken: tokens.at(-1) as string, data });
      await toEnd(recoverExecutions());
    }
    expect(new Set(tokens).size).toBe(4);
    expect((await store.getExecution("e1"))?.status).toBe("completed");
  });
});

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
