import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExecutionOutput } from "../../src/index.ts";
import { assertExact } from "./exact.ts";
import { ROW, setUp } from "./old-rows.ts";
import { anyContext } from "./values.ts";

/** The guide's literal shape, and nothing beside it. */
function expectLiteralShape(output: ExecutionOutput): void {
  const optional = ({ error: _error, ...others }: { error?: string }) => Object.keys(others).sort();
  expect(optional(output)).toEqual(["checkpoints", "currentContext", "currentStep", "totalSteps"]);
  for (const checkpoint of output.checkpoints) {
    expect(optional(checkpoint)).toEqual(["context", "id", "nodeId", "nodeName", "stepNumber", "timestamp"]);
    expect(checkpoint.id).toEqual(expect.any(String));
    expect(new Date(checkpoint.timestamp).toISOString()).toBe(checkpoint.timestamp);
  }
}

async function outputOf(contexts: readonly object[]): Promise<ExecutionOutput> {
  const { WorkflowState } = setUp();
  const state = await WorkflowState.create("chain", "u1", contexts[0] as Record<string, unknown>, contexts.length);
  for (const [index, context] of contexts.entries()) {
    state.setContext(context as Record<string, unknown>);
    state.incrementStep();
    await state.createCheckpoint(`n${index}`, "http");
  }
  return state.toExecutionOutput();
}

describe("toExecutionOutput", () => {
  it("has the guide's literal shape, with the ids of the checkpoints", async () => {
    const context = { $type: "Date", value: "2020-01-01", nested: [{ $type: "Map" }], waymarkTypes: [[["a"], "Date"]] };
    const { WorkflowState } = setUp();
    const state = await WorkflowState.create("chain", "u1", context, 2);
    await state.createCheckpoint("n1", "http");
    await state.createErrorCheckpoint("n2", "llm", new Error("429"));
    await state.markFailed(new Error("429"));
    const output = state.toExecutionOutput();
    expectLiteralShape(output);
    expect(JSON.parse(JSON.stringify(output))).toEqual(output);
    expect(output.currentContext).toEqual(context);
    expect(output.checkpoints.map(({ id }) => id)).toEqual(state.getCheckpoints().map(({ id }) => id));
    expect([output.error, output.checkpoints[1]?.error]).toEqual(["429", "429"]);
  });

  it("writes values that JSON does not have in a plain form, and lists their types beside it", async () => {
    const context = {
      at: new Date(0),
      never: new Date(Number.NaN),
      big: 2n,
      tags: new Set(["a"]),
      byId: new Map<unknown, unknown>([[1, new Date(5)]]),
      bytes: new Uint8Array([1, 2]),
      none: undefined,
      odd: [Number.NaN, -0, 1],
      own: { $type: "Date", value: "soon" },
    };
    const output = await outputOf([context]);
    const plain = {
      at: "1970-01-01T00:00:00.000Z",
      never: null,
      big: "2",
      tags: ["a"],
      byId: [[1, "1970-01-01T00:00:00.005Z"]],
      bytes: "AQI=",
      none: null,
      odd: ["NaN", "-0", 1],
      own: { $type: "Date", value: "soon" },
    };
    expect(output.currentContext).toEqual(plain);
    expect(output.checkpoints[0]?.context).toEqual(plain);
    const types = [
      [["at"], "Date"],
      [["never"], "Date"],
      [["big"], "bigint"],
      [["tags"], "Set"],
      [["byId"], "Map"],
      [["byId", 0, 1], "Date"],
      [["bytes"], "Uint8Array"],
      [["none"], "undefined"],
      [["odd", 0], "number"],
      [["odd", 1], "number"],
    ] as [string[], string][];
    expect(output.waymarkTypes).toEqual([
      ...types.map(([path, type]) => [["checkpoints", 0, "context", ...path], type]),
      ...types.map(([path, type]) => [["currentContext", ...path], type]),
    ]);
  });

  it("keeps every value over a round trip, also as text", async () => {
    const { WorkflowState } = setUp();
    await fc.assert(
      fc.asyncProperty(anyContext, anyContext, async (first, second) => {
        const output = await outputOf([first, second]);
        const json = JSON.parse(JSON.stringify(output));
        expect(json).toEqual(output);
        const imported = await WorkflowState.importExecutionOutput({ ...ROW, output: JSON.stringify(output) });
        const [one, two] = imported.getCheckpoints();
        assertExact(one?.context, first);
        assertExact(two?.context, second);
        assertExact(imported.getContext(), second);
      }),
      { numRuns: 300 },
    );
  });
});
