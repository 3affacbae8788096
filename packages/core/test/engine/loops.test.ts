import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type ExecutionEvent, end, type NodeExecutor, route } from "../../src/index.ts";
import { answerOf, definitionOf, LOOP_EXAMPLES, type LoopExample, runName } from "../definition/loop-examples.ts";

/** Answers as the example says, and notes each run. */
function executorOf(example: LoopExample, runs: string[]): NodeExecutor {
  return ({ context, node, visit }) => {
    runs.push(runName(node.id, visit));
    const next = { ...context, [node.id]: visit };
    const answer = answerOf(example, node.id, visit);
    if (answer === undefined) return next;
    return answer === null ? end(next) : route(next, answer);
  };
}

function setUp(example: LoopExample) {
  const store = new MemoryCheckpointStore();
  const runs: string[] = [];
  const events: ExecutionEvent[] = [];
  const engine = (executor: NodeExecutor = executorOf(example, runs)) =>
    createWorkflowEngine({
      store,
      workflows: [definitionOf(example)],
      executors: { default: executor },
      onEvent: (event) => void events.push(event),
    });
  return { store, runs, events, engine };
}

const CALL = { workflowId: "example", userId: "u1", executionId: "e1" };
const startAt = ({ startAt: ids }: LoopExample) => (ids === undefined ? {} : { startAt: ids });

describe("an execution with loops", () => {
  const examples = LOOP_EXAMPLES.filter(({ error }) => error === undefined);

  it.each(examples)("runs the example: $name", async (example) => {
    const { runs, events, engine } = setUp(example);
    const { executeWorkflow, getExecutionState } = engine();
    const result = await executeWorkflow({ ...CALL, ...startAt(example) });
    const steps = example.runs?.length;
    expect(result).toMatchObject({ status: "completed", currentStep: steps, totalSteps: steps });
    expect(runs).toEqual(example.runs);
    const skipped = events.flatMap((event) => (event.type === "node.skipped" ? [event.nodeId] : []));
    expect(skipped.toSorted()).toEqual(example.skipped?.toSorted());
    const checkpoints = (await getExecutionState("e1")).getCheckpoints();
    expect(checkpoints.map(({ nodeId, visit }) => runName(nodeId, visit))).toEqual(example.runs);
  });

  it.each(examples)(
    "runs the same if it stops before each node and another engine resumes it: $name",
    async (example) => {
      const { runs, events, engine } = setUp(example);
      await engine().startExecution({ ...CALL, ...startAt(example) });
      const progress: string[] = [];
      for (let status = "pending"; status === "pending"; ) {
        const controller = new AbortController();
        const inner = executorOf(example, runs);
        const stopsAfterOne: NodeExecutor = (args) => {
          controller.abort();
          return inner(args);
        };
        const result = await engine(stopsAfterOne).resumeWorkflow({ executionId: "e1", signal: controller.signal });
        ({ status } = result);
        if (result.currentStep > progress.length) progress.push(`${result.currentStep}/${result.totalSteps}`);
      }
      expect(runs).toEqual(example.runs);
      expect(progress).toEqual(example.progress);
      const skipped = events.flatMap((event) => (event.type === "node.skipped" ? [event.nodeId] : []));
      expect(skipped.toSorted()).toEqual(example.skipped?.toSorted());
    },
  );

  it.each(LOOP_EXAMPLES.filter(({ error }) => error !== undefined))(
    "is refused before anything is written: $name",
    async (example) => {
      const { store, engine } = setUp(example);
      const call = { ...CALL, ...startAt(example) };
      await expect(engine().executeWorkflow(call)).rejects.toMatchObject({ code: example.error });
      await expect(engine().startExecution(call)).rejects.toMatchObject({ code: example.error });
      expect((await store.listExecutions()).items).toEqual([]);
    },
  );
});
