import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { ROW, setUp, withoutIds } from "./old-rows.ts";

const checkpoint = fc.record(
  {
    nodeId: fc.constantFrom("n1", "n2", "n3", "n4"),
    nodeName: fc.constantFrom("http", "llm"),
    stepNumber: fc.nat({ max: 5 }),
    context: fc.dictionary(fc.constantFrom("a", "b"), fc.nat({ max: 2 }), { noNullPrototype: true }),
    timestamp: fc.constant("2025-01-01T00:00:00.000Z"),
    error: fc.option(fc.constant("boom"), { nil: undefined, freq: 4 }),
  },
  { noNullPrototype: true, requiredKeys: ["nodeId", "nodeName", "stepNumber", "context", "timestamp"] },
);

/** The steps of a row that went well, as the old executor counted them. */
function steps(count: number, padding = ""): (typeof ROW)["output"]["checkpoints"] {
  return Array.from({ length: count }, (_, index) => ({
    nodeId: `n${index + 1}`,
    nodeName: "http",
    stepNumber: index + 1,
    context: { count: index + 1, padding: `${padding}${index}` },
    timestamp: "2025-01-01T00:00:00.000Z",
  }));
}

function completed(count: number, padding?: string) {
  const checkpoints = steps(count, padding);
  const { context: currentContext } = checkpoints.at(-1) as { context: Record<string, unknown> };
  return { checkpoints, currentContext, currentStep: count, totalSteps: count };
}

/** Imports a row, and returns what reads back and the calls that wrote it. */
async function imported(row: ReturnType<typeof completed>) {
  const calls: string[] = [];
  const store = interceptStore(new MemoryCheckpointStore(), (method, call) => {
    if (method === "createExecution" || method === "commit") calls.push(method);
    return call();
  });
  const state = await setUp({ store }).WorkflowState.importExecutionOutput({ ...ROW, output: row });
  return { calls, output: withoutIds(state.toExecutionOutput()), status: state.getStatus() };
}

describe("the checkpoints of an old row", () => {
  it("are written with one commit if they are the steps of a whole run, and it completes the execution", async () => {
    const row = completed(20);
    expect(await imported(row)).toEqual({
      calls: ["createExecution", "commit"],
      output: row,
      status: "completed",
    });
  });

  it("are written 100 at a time, or fewer if they are large", async () => {
    expect((await imported(completed(250))).calls).toHaveLength(1 + 3);
    const large = await imported(completed(6, "x".repeat(600_000)));
    expect(large.calls).toHaveLength(1 + 3);
    expect(large.output).toEqual(completed(6, "x".repeat(600_000)));
  });

  it("read back as they were, in whatever order steps, nodes and errors are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(checkpoint, { maxLength: 12 }), fc.nat({ max: 5 }), async (given, currentStep) => {
        // An error leaves the context as it was before its node.
        let before: Record<string, number> = {};
        const checkpoints = given.map(({ error, ...each }) => {
          if (error !== undefined) return { ...each, context: before, error };
          before = each.context;
          return each;
        });
        const row = { checkpoints, currentContext: { done: true }, currentStep, totalSteps: 6, error: "boom" };
        const state = await setUp().WorkflowState.importExecutionOutput({ ...ROW, output: row });
        const output = withoutIds(state.toExecutionOutput());
        const withoutSteps = (list: object[]) => list.map((each) => ({ ...each, stepNumber: 0 }));
        expect({ ...output, checkpoints: withoutSteps(output.checkpoints as object[]) }).toEqual({
          ...row,
          checkpoints: withoutSteps(checkpoints),
        });
        for (const [index, { stepNumber, error }] of checkpoints
          .map((each) => ({ error: undefined, ...each }))
          .entries()) {
          // A failed node counts as the step after the current one, so that step is never 0.
          const expected = error === undefined ? stepNumber : Math.max(1, stepNumber);
          expect(output.checkpoints?.[index]?.stepNumber).toBe(expected);
        }
      }),
    );
  });
});
