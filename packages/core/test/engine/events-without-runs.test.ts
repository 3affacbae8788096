import { describe, expect, it } from "vitest";
import { type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { chain } from "./chain.ts";
import { until } from "./turns.ts";
import { branches, callOf, newWorld } from "./world.ts";

/** A workflow of which node n1 asks. */
function setUp() {
  const tokens: string[] = [];
  const asks: NodeExecutor = ({ node, resume, waitToken }) => {
    if (node.id !== "n1" || resume !== undefined) return patch({ [node.id]: resume?.data ?? true });
    tokens.push(waitToken);
    return suspend();
  };
  return { ...newWorld(chain(2), asks), tokens };
}

const OF_E1 = { executionId: "e1", workflowId: "chain", userId: "u1", timestamp: expect.any(Number) };

describe("an event without a run", () => {
  it("is emitted by startExecution, once it has created the execution and not if it exists", async () => {
    const { engine, events } = setUp();
    const { startExecution } = engine();
    const call = { ...callOf(chain(2)), ifExists: "join" as const };
    await startExecution(call);
    await startExecution(call);
    expect(events).toEqual([{ ...OF_E1, type: "execution.created", totalSteps: 2 }]);
  });

  it("is emitted by forkExecution for the fork, and names what it was made from", async () => {
    const { engine, events, store } = setUp();
    await engine().executeWorkflow(callOf(chain(2)));
    events.length = 0;
    const { executionId } = await engine().forkExecution({ executionId: "e1", at: { beforeNode: "n1" } });
    const { forkedFromSeq, totalSteps } = (await store.getExecution(executionId)) ?? {};
    const forked = { forkedFromId: "e1", forkedFromSeq, totalSteps };
    expect(events).toEqual([{ ...OF_E1, executionId, type: "execution.created", ...forked }]);
  });

  it("is emitted by answerWait for each answer that is kept, also without the workflow, and not for a second click", async () => {
    const { engine, events, tokens } = setUp();
    await engine().executeWorkflow(callOf(chain(2)));
    events.length = 0;
    const { answerWait } = engine({ workflows: [], executors: {} });
    const [waitToken = ""] = tokens;
    for (const data of ["yes", "yes", "no"]) await answerWait({ waitToken, data });
    const answered = { ...OF_E1, type: "node.answered", nodeId: "n1", visit: 1 };
    expect(events).toEqual([answered, answered]);
    await expect(answerWait({ waitToken: `${waitToken}x` })).rejects.toMatchObject({ code: "NOT_WAITING" });
    expect(events).toHaveLength(2);
  });
});

describe("the event of an answer", () => {
  it("is emitted when resumeWorkflow answers, before the run that it starts, and not when a wait's time is over", async () => {
    const { engine, events } = setUp();
    await engine().executeWorkflow(callOf(chain(2)));
    events.length = 0;
    await engine().resumeWorkflow({ executionId: "e1", data: 1 });
    const types = events.map(({ type }) => type).filter((type) => type !== "checkpoint.committed");
    expect(types.slice(0, 3)).toEqual(["node.answered", "execution.resumed", "node.started"]);
    const {
      engine: other,
      events: theirs,
      pass,
    } = newWorld(chain(1), ({ resume }) => (resume === undefined ? suspend({ forMs: 10 }) : patch({})));
    await other().executeWorkflow(callOf(chain(1)));
    await pass(10);
    await other().recoverExecutions();
    expect(theirs.map(({ type }) => type)).toContain("execution.completed");
    expect(theirs.map(({ type }) => type)).not.toContain("node.answered");
  });

  it("is emitted once when a run of the same engine takes the answer", async () => {
    let finish = (): void => undefined;
    let token = "";
    const workflow = branches("ask", "slow");
    const { engine, events, toEnd } = newWorld(workflow, async ({ node, resume, waitToken }) => {
      if (node.id === "ask" && resume === undefined) {
        token = waitToken;
        return suspend();
      }
      if (node.id === "slow") {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
      }
      return patch({});
    });
    const first = engine();
    const running = first.executeWorkflow(callOf(workflow));
    await until(() => events.some((event) => event.type === "node.started" && event.nodeId === "slow"));
    await first.answerWait({ waitToken: token, data: 1 });
    expect(events.filter(({ type }) => type === "node.answered")).toHaveLength(1);
    finish();
    await toEnd(running);
  });
});
