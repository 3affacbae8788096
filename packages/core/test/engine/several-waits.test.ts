import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, route, suspend, type WorkflowDefinition } from "../../src/index.ts";
import { branches, callOf, newWorld } from "./world.ts";

const IDS = ["a", "b", "c"];
const WORKFLOW = branches(...IDS, "invoice");
const CALL = callOf(WORKFLOW);

/** Nodes a, b and c ask; `untilMs` of some: for how long. The invoice depends on none of them. */
function setUp(forMs: Record<string, number> = {}) {
  const tokens: Record<string, string> = {};
  const ran: string[] = [];
  const executor: NodeExecutor = ({ node, resume, waitToken }) => {
    if (IDS.includes(node.id) && resume === undefined) {
      tokens[node.id] = waitToken;
      return suspend({ reason: `ask ${node.id}`, ...(forMs[node.id] === undefined ? {} : { forMs: forMs[node.id] }) });
    }
    ran.push(node.id);
    return patch({ [node.id]: resume === undefined ? true : resume.timedOut ? "late" : resume.data });
  };
  return { ...newWorld(WORKFLOW, executor), tokens, ran };
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((first) => permutations(items.filter((each) => each !== first)).map((rest) => [first, ...rest]));
}

describe("an execution with several waits", () => {
  it("is suspended once nothing else can run, and head, listing, result and state name what waits", async () => {
    const { engine, store, ran, tokens, clock } = setUp({ b: 5_000 });
    const { executeWorkflow, listExecutions, getExecutionState } = engine();
    const result = await executeWorkflow(CALL);
    expect(ran).toEqual(["invoice"]);
    const until = clock.now() + 5_000;
    const waits = IDS.map((nodeId) => ({
      ...{ nodeId, nodeName: "default", visit: 1, reason: `ask ${nodeId}`, since: new Date(clock.now()).toISOString() },
      ...(nodeId === "b" ? { until: new Date(until).toISOString() } : {}),
    }));
    expect(result).toMatchObject({ status: "suspended", success: false, canResume: false, currentStep: 1 });
    expect(result.wakeAt).toBe(new Date(until).toISOString());
    const withTokens = waits.map((wait) => ({ ...wait, waitToken: tokens[wait.nodeId] }));
    expect(result.waiting).toEqual(withTokens);
    expect((await getExecutionState("e1")).getWaiting()).toEqual(withTokens);
    expect((await listExecutions()).items[0]).toMatchObject({ waiting: waits, waitingCount: 3 });
    expect(await store.getExecution("e1")).toMatchObject({ waitingCount: 3, wakeAt: until });
  });

  it.each(permutations(IDS).map((order) => [order.join(" "), order] as const))(
    "takes its answers in the order %s, each by another process",
    async (_name, order) => {
      for (const way of ["resumeWorkflow", "answerWait"] as const) {
        const { engine, store, tokens, ran, toEnd } = setUp();
        await engine().executeWorkflow(CALL);
        for (const [index, nodeId] of order.entries()) {
          const head = await store.getExecution("e1");
          expect(head?.waitingCount).toBe(3 - index);
          expect(head?.waiting?.map((wait) => wait.nodeId)).toEqual(
            IDS.filter((id) => !order.slice(0, index).includes(id)),
          );
          if (way === "resumeWorkflow") await engine().resumeWorkflow({ executionId: "e1", nodeId, data: index });
          else {
            await engine().answerWait({ waitToken: tokens[nodeId] as string, data: index });
            await toEnd(engine().recoverExecutions());
          }
        }
        const state = await engine().getExecutionState("e1");
        expect(state.getStatus()).toBe("completed");
        const answers = Object.fromEntries(order.map((nodeId, index) => [nodeId, index]));
        expect(state.getContext()).toEqual({ ...answers, invoice: true, end: true });
        expect(ran).toEqual(["invoice", ...order, "end"]);
        const head = await store.getExecution("e1");
        expect([head?.waiting, head?.waitingCount, head?.wakeAt]).toEqual([undefined, undefined, undefined]);
      }
    },
  );

  it.each(permutations(["a", "b's time", "c"]).map((order) => [order.join(", "), order] as const))(
    "over restarts with a time that passes in between: %s",
    async (_name, order) => {
      const { engine, store, tokens, toEnd, pass } = setUp({ b: 10_000 });
      await engine().executeWorkflow(CALL);
      for (const what of order) {
        if (what === "b's time") await pass(10_000);
        else await engine().answerWait({ waitToken: tokens[what] as string, data: what });
        await toEnd(engine().recoverExecutions());
      }
      expect((await store.getExecution("e1"))?.status).toBe("completed");
      const state = await engine().getExecutionState("e1");
      expect(state.getContext()).toMatchObject({ a: "a", b: "late", c: "c" });
    },
  );

  it("asks which one is meant by an answer without a nodeId, and changes nothing", async () => {
    const { engine, store } = setUp();
    const { executeWorkflow, resumeWorkflow } = engine();
    await executeWorkflow(CALL);
    const { version } = (await store.getExecution("e1")) ?? {};
    await expect(resumeWorkflow({ executionId: "e1", data: 1 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      executionId: "e1",
      details: { waiting: IDS },
    });
    expect((await store.getExecution("e1"))?.version).toBe(version);
    await resumeWorkflow({ executionId: "e1", nodeId: "a", data: 1 });
    await resumeWorkflow({ executionId: "e1", nodeId: "b", data: 2 });
    expect(await resumeWorkflow({ executionId: "e1", data: 3 })).toMatchObject({
      status: "completed",
      output: { c: 3 },
    });
  });

  it("whose answered node fails still waits at the others; each can be answered afterwards", async () => {
    const executor: NodeExecutor = ({ node, resume }) => {
      if (node.id === "end") return patch({});
      if (resume === undefined) return suspend();
      if (resume.data === "bad") throw new Error("malformed");
      return patch({ [node.id]: resume.data });
    };
    const { engine, store } = newWorld(branches("a", "b"), executor);
    const { executeWorkflow, resumeWorkflow } = engine();
    await executeWorkflow(callOf(branches()));
    expect(await resumeWorkflow({ executionId: "e1", nodeId: "a", data: "bad" })).toMatchObject({ status: "failed" });
    expect(await store.getExecution("e1")).toMatchObject({ status: "failed", waitingCount: 1 });
    await expect(resumeWorkflow({ executionId: "e1", data: "good" })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const second = await resumeWorkflow({ executionId: "e1", nodeId: "a", data: "good" });
    expect(second).toMatchObject({ status: "suspended", output: { a: "good" }, waiting: [{ nodeId: "b" }] });
    expect(await resumeWorkflow({ executionId: "e1", data: 1 })).toMatchObject({
      status: "completed",
      output: { a: "good", b: 1 },
    });
  });

  it("shows the first 100 of more, and completes them all", async () => {
    const ids = Array.from({ length: 150 }, (_, index) => `w${index}`);
    const tokens: string[] = [];
    const executor: NodeExecutor = ({ node, resume, waitToken }) => {
      if (node.id === "end") return patch({});
      if (resume === undefined) {
        tokens.push(waitToken);
        return suspend();
      }
      return patch({ [node.id]: resume.data });
    };
    const { engine, store } = newWorld(branches(...ids), executor);
    const result = await engine().executeWorkflow(callOf(branches()));
    expect(result.waiting?.map(({ nodeId }) => nodeId)).toEqual(ids.slice(0, 100));
    expect((await store.getExecution("e1"))?.waitingCount).toBe(150);
    for (const [index, waitToken] of tokens.toReversed().entries()) {
      await engine().answerWait({ waitToken, data: 149 - index });
    }
    await engine().recoverExecutions();
    const state = await engine().getExecutionState("e1");
    expect(state.getStatus()).toBe("completed");
    expect(state.getContext()).toEqual(Object.fromEntries(ids.map((id, index) => [id, index])));
  });

  it("leaves a branch that is not taken without a wait, and starts no node behind a wait", async () => {
    const workflow: WorkflowDefinition = {
      id: "routed",
      nodes: ["choose", "ask", "other", "after"].map((id) => ({ id })),
      edges: [
        { source: "choose", target: "ask", sourceHandle: "yes" },
        { source: "choose", target: "other", sourceHandle: "no" },
        { source: "ask", target: "after" },
        { source: "other", target: "after" },
      ],
    };
    const ran: string[] = [];
    const executor: NodeExecutor = ({ node, resume, context }) => {
      if (node.id === "ask" && resume === undefined) return suspend();
      ran.push(node.id);
      return node.id === "choose" ? route(context, "yes") : context;
    };
    const { engine } = newWorld(workflow, executor);
    const { executeWorkflow, resumeWorkflow } = engine();
    expect(await executeWorkflow(callOf(workflow))).toMatchObject({
      status: "suspended",
      totalSteps: 3,
      currentStep: 1,
    });
    expect(await resumeWorkflow({ executionId: "e1", data: 1 })).toMatchObject({ status: "completed", currentStep: 3 });
    expect(ran).toEqual(["choose", "ask", "after"]);
  });
});

describe("an execution with more waits than a head names", () => {
  it.each([{ name: "Approve" }, {}])("keeps the names of all when they are answered one by one: %o", async (named) => {
    const ids = Array.from({ length: 103 }, (_, index) => `n${index}`);
    const workflow: WorkflowDefinition = { id: "many", nodes: ids.map((id) => ({ id, ...named })), edges: [] };
    const tokens: string[] = [];
    const { engine, store } = newWorld(workflow, ({ waitToken }) => {
      tokens.push(waitToken);
      return suspend();
    });
    await engine().executeWorkflow(callOf(workflow));
    const mails = engine({ workflows: [], executors: {} });
    for (const waitToken of tokens.slice(0, 3)) await mails.answerWait({ waitToken });
    const { waiting = [], waitingCount } = (await store.getExecution("e1")) ?? {};
    expect([waiting.length, waitingCount]).toEqual([100, 100]);
    expect(new Set(waiting.map(({ nodeName }) => nodeName))).toEqual(new Set([named.name ?? "default"]));
  });
});
