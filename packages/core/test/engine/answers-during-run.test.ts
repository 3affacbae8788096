import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { settle, until } from "./turns.ts";
import { branches, newWorld } from "./world.ts";

const WORKFLOW = branches("ask", "before", "slow");
const CALL = { workflowId: "branches", userId: "u1", executionId: "e1" };

/** Node `ask` asks, while node `slow` works until it is told how to end. */
function setUp(options: { durability: "sync" | "async"; retry?: { maxAttempts: number; backoffMs: number } }) {
  let end: { ok: () => void; fail: () => void } | undefined;
  let token = "";
  const executor: NodeExecutor = async ({ node, resume, waitToken, attempt }) => {
    if (node.id === "ask" && resume === undefined) {
      token = waitToken;
      return suspend();
    }
    if (node.id === "slow" && attempt === 1) {
      await new Promise<void>((ok, reject) => {
        end = { ok, fail: () => reject(new Error("boom")) };
      });
    }
    return patch({ [node.id]: resume?.data ?? true });
  };
  const world = newWorld(WORKFLOW, executor, options);
  const untilSlow = () => until(() => end !== undefined);
  return { ...world, untilSlow, end: () => end, token: () => token };
}

describe.each(["sync", "async"] as const)(
  "an answer that comes while another node runs, in %s durability",
  (durability) => {
    it("is on record at once, while that node still runs", async () => {
      const { engine, store, end, token, untilSlow, toEnd } = setUp({ durability });
      const { executeWorkflow, answerWait } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      await answerWait({ waitToken: token(), data: "yes" });
      expect(await store.getExecution("e1")).toMatchObject({ status: "running", currentStep: 1 });
      expect((await store.getExecution("e1"))?.waiting).toBeUndefined();
      end()?.ok();
      expect(await toEnd(run)).toMatchObject({ status: "completed", output: { ask: "yes", slow: true } });
    });

    it("is kept if that node then fails and is tried again", async () => {
      const { engine, end, token, untilSlow, toEnd } = setUp({ durability, retry: { maxAttempts: 2, backoffMs: 10 } });
      const { executeWorkflow, answerWait } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      await answerWait({ waitToken: token(), data: "yes" });
      end()?.fail();
      expect(await toEnd(run)).toMatchObject({ status: "completed", output: { ask: "yes" } });
    });

    it("is kept if that node then fails for good, also for another process", async () => {
      const { engine, end, token, untilSlow, toEnd } = setUp({ durability });
      const { executeWorkflow, answerWait } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      await answerWait({ waitToken: token(), data: "yes" });
      end()?.fail();
      expect(await toEnd(run)).toMatchObject({ status: "failed", failure: { nodeId: "slow" } });
      const resumed = engine().resumeWorkflow({ executionId: "e1" });
      expect(await toEnd(resumed)).toMatchObject({ status: "completed", output: { ask: "yes" } });
    });

    it("is replaced by a newer one until its node has started", async () => {
      const { engine, end, token, untilSlow, toEnd } = setUp({ durability });
      const { executeWorkflow, answerWait } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      for (const data of ["yes", "no", "perhaps"]) await answerWait({ waitToken: token(), data });
      end()?.ok();
      expect(await toEnd(run)).toMatchObject({ status: "completed", output: { ask: "perhaps" } });
      await expect(answerWait({ waitToken: token(), data: "late" })).rejects.toMatchObject({ code: "NOT_WAITING" });
    });

    it("by resumeWorkflow with data is taken over by the run, and returns its result", async () => {
      const { engine, end, untilSlow, toEnd } = setUp({ durability });
      const { executeWorkflow, resumeWorkflow } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      const resumed = resumeWorkflow({ executionId: "e1", data: "yes" });
      await settle();
      end()?.ok();
      expect(await toEnd(resumed)).toMatchObject({ status: "completed", output: { ask: "yes" } });
      expect(await run).toMatchObject({ status: "completed" });
    });

    it("of several at once keeps each that has resolved", async () => {
      const { engine, end, token, untilSlow, toEnd } = setUp({ durability });
      const { executeWorkflow, answerWait } = engine();
      const run = executeWorkflow(CALL);
      await untilSlow();
      const answers = ["a", "b", "c", "d"].map((data) => answerWait({ waitToken: token(), data }));
      await Promise.all(answers);
      end()?.ok();
      expect(await toEnd(run)).toMatchObject({ status: "completed", output: { ask: "d" } });
    });
  },
);

describe("an answer that is given again while its node runs with the first one", () => {
  it.each([1, 2, 4])("does not start the node twice, at %d at a time", async (nodeConcurrency) => {
    const begun: unknown[] = [];
    const ends: (() => void)[] = [];
    let token = "";
    const executor: NodeExecutor = async ({ node, resume, waitToken }) => {
      if (node.id !== "ask") return patch({});
      if (resume === undefined) {
        token = waitToken;
        return suspend();
      }
      begun.push(resume.data);
      await new Promise<void>((resolve) => ends.push(resolve));
      return patch({ ask: resume.data });
    };
    const { engine, toEnd } = newWorld(branches("ask"), executor, { nodeConcurrency });
    const { executeWorkflow, resumeWorkflow, answerWait } = engine();
    await executeWorkflow(CALL);
    const run = resumeWorkflow({ executionId: "e1", data: "first" });
    await until(() => ends.length > 0);
    await answerWait({ waitToken: token, data: "again" });
    await settle();
    for (const end of ends) end();
    expect(await toEnd(run)).toMatchObject({ status: "completed", output: { ask: "first" } });
    expect(begun).toEqual(["first"]);
  });
});
