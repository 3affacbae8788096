import { describe, expect, it } from "vitest";
import {
  type ExecutionRecord,
  mapWorkflow,
  type NodeExecutor,
  patch,
  subWorkflow,
  suspend,
  type WorkflowDefinition,
} from "../../src/index.ts";
import { CALL, chainOf, crashed, type FamilyOptions, newFamily, takenByAnother } from "./family-world.ts";
import { settle, until } from "./turns.ts";

/** Two branches of one parent, and what is behind both. */
const FORKED: WorkflowDefinition = {
  id: "parent",
  nodes: ["left", "right", "last"].map((id) => ({ id, type: id })),
  edges: ["left", "right"].map((source) => ({ source, target: "last" })),
};

function held() {
  const waiting: (() => void)[] = [];
  const executor: NodeExecutor = async ({ context, executionId }) => {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return patch({ ...(executionId === CALL.executionId ? {} : context), held: true });
  };
  const letGo = () => {
    for (const each of waiting.splice(0)) each();
  };
  return { executor, waiting, letGo };
}

const asking: NodeExecutor = ({ resume }) => (resume === undefined ? suspend() : patch({ answer: resume.data }));
const child = (key: string) =>
  subWorkflow({
    workflowId: "child",
    input: () => ({}),
    output: ({ answer, held }) => patch({ [key]: answer ?? held }),
  });

describe("children of branches that run side by side", () => {
  it.each(["token", "parent"])(
    "wake their node while another one runs, when they are answered by the %s",
    async (how) => {
      const { executor, letGo, waiting } = held();
      const options: FamilyOptions = {
        workflows: [FORKED, chainOf("child", "ask")],
        executors: { left: child("left"), right: executor, ask: asking },
        nodeConcurrency: 2,
      };
      const { engine, child: onlyChild, events, data } = newFamily(options);
      const here = engine();
      const running = here.executeWorkflow(CALL);
      await until(() => events.some(({ type }) => type === "node.suspended"));
      await settle();
      expect(waiting).toHaveLength(1);
      const [wait] = (await here.getExecutionState((await onlyChild()).id)).getWaiting();
      // A call that names the parent resolves with its run.
      const resumed =
        how === "token"
          ? here.answerWait({ waitToken: wait?.waitToken as string, data: "the answer" })
          : here.resumeWorkflow({ executionId: "p1", nodeId: "left", data: "the answer" });
      await until(() => events.some((event) => event.type === "node.completed" && event.nodeId === "left"));
      letGo();
      await resumed;
      expect(await running).toMatchObject({
        status: "completed",
        output: { left: "the answer", held: true, last: true },
      });
      // The parent keeps the result of the child, not the answer.
      const payloads = (await data.readCheckpoints("p1", {})).map(({ payload }) => payload);
      expect(payloads.filter((payload) => payload.includes("the answer"))).toHaveLength(1);
    },
  );

  it("are answered one by one, by the node of the parent", async () => {
    const options: FamilyOptions = {
      workflows: [FORKED, chainOf("child", "ask")],
      executors: { left: child("left"), right: child("right"), ask: asking },
    };
    for (const nodeConcurrency of [1, 2]) {
      const { engine, children } = newFamily({ ...options, nodeConcurrency });
      const { waiting } = await engine().executeWorkflow(CALL);
      expect(waiting?.map(({ nodeId }) => nodeId)).toEqual(["left", "right"]);
      const resume = (call: object) => engine().resumeWorkflow({ executionId: "p1", ...call });
      await expect(resume({ data: 1 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(await resume({ nodeId: "right", data: "r" })).toMatchObject({ status: "suspended" });
      const { output } = await resume({ nodeId: "left", data: "l" });
      expect(output).toEqual({ left: "l", right: "r", last: true });
      expect(await children()).toHaveLength(2);
    }
  });

  it("are left pending by a drain, and each continues once", async () => {
    const { executor, letGo, waiting } = held();
    const ran: string[] = [];
    const two: NodeExecutor = ({ executionId, context }) => {
      ran.push(executionId);
      return context;
    };
    const options: FamilyOptions = {
      workflows: [FORKED, chainOf("child", "one", "two")],
      executors: {
        left: child("left"),
        right: mapWorkflow({ workflowId: "child", items: "list", output: () => true }),
        one: executor,
        two,
      },
      nodeConcurrency: 2,
    };
    const { engine, children, toEnd } = newFamily(options);
    const draining = engine();
    const running = draining.executeWorkflow({ ...CALL, initialData: { list: [1, 2] } });
    await until(() => waiting.length === 3);
    const drained = draining.drain();
    letGo();
    expect(await running).toMatchObject({ status: "pending" });
    await drained;
    expect((await children()).map(({ status }) => status)).toEqual(["pending", "pending", "pending"]);
    expect(ran).toEqual([]);
    const result = await toEnd(engine().resumeWorkflow({ executionId: "p1" }));
    expect(result).toMatchObject({ status: "completed", output: { left: true, right: [true, true], last: true } });
    expect(new Set(ran).size).toBe(3);
    expect(ran).toHaveLength(3);
  });

  it("that another process runs do not hold up a recovered parent of which another node waits for its next attempt", async () => {
    const parent: WorkflowDefinition = {
      id: "parent",
      nodes: [
        { id: "sub", type: "sub" },
        { id: "flaky", type: "flaky", retry: { maxAttempts: 100, backoffMs: 600, backoffFactor: 1, jitter: 0 } },
      ],
      edges: [],
    };
    let isMended = false;
    const flaky: NodeExecutor = () => {
      if (!isMended) throw new Error("503");
      return patch({ mended: true });
    };
    const workflows = [parent, chainOf("child", "one", "two")];
    const family = newFamily({ nodeConcurrency: 2, workflows, executors: { flaky } });
    const { engine, data, clock, toEnd } = family;
    await crashed(family);
    await takenByAnother(family);
    clock.advance(30_000);
    await toEnd(engine().recoverExecutions());
    const { wakeAt = 0, readAt, ...head } = (await data.getExecution("p1")) as ExecutionRecord;
    expect(head).toMatchObject({ status: "pending", failure: { message: "503" } });
    // The attempt is due before the child's lease ends.
    expect(wakeAt - readAt).toBeLessThan(600);
    isMended = true;
    for (let round = 0; round < 4; round++) {
      clock.advance(30_000);
      await toEnd(engine().recoverExecutions());
    }
    expect(await data.getExecution("p1")).toMatchObject({ status: "completed" });
  });
});
