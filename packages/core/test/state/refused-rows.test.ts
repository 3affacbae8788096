import { describe, expect, it } from "vitest";
import { OUTPUT, ROW, setUp } from "./old-rows.ts";

const [FIRST, SECOND] = OUTPUT.checkpoints;
const cycle: Record<string, unknown> = {};
cycle.self = [cycle];
const deepText = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;

async function refused(row: object, what: string): Promise<void> {
  const { WorkflowState, store } = setUp();
  await expect(WorkflowState.importExecutionOutput({ ...ROW, ...row } as never)).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    message: expect.stringContaining(what),
  });
  expect((await store.listExecutions()).items).toEqual([]);
}

describe("a row that cannot be imported is refused before anything is written", () => {
  it.each<[string, unknown]>([
    ["JSON", "{"],
    ["an object", "[]"],
    ["an object", "null"],
    ["an object", null],
    ["currentStep", { ...OUTPUT, currentStep: -1 }],
    ["currentStep", { ...OUTPUT, currentStep: "1" }],
    ["currentStep", { ...OUTPUT, currentStep: Number.MAX_SAFE_INTEGER }],
    ["totalSteps", { ...OUTPUT, totalSteps: undefined }],
    ["totalSteps", { ...OUTPUT, totalSteps: null }],
    ["currentContext", { ...OUTPUT, currentContext: null }],
    ["currentContext", { ...OUTPUT, currentContext: [] }],
    ["currentContext", { ...OUTPUT, currentContext: cycle }],
    ["currentContext", { ...OUTPUT, currentContext: { call: () => 1 } }],
    ["currentContext", `{"currentStep":0,"totalSteps":1,"currentContext":{"deep":${deepText}}}`],
    ["currentContext", { ...OUTPUT, currentContext: new (class Context {})() }],
    ["currentContext", { ...OUTPUT, currentContext: Object.defineProperty({}, "toJSON", { value: () => ({}) }) }],
    ["checkpoints is not", { ...OUTPUT, checkpoints: {} }],
    ["checkpoints[0] is not", { ...OUTPUT, checkpoints: [null] }],
    ["checkpoints[0].nodeId", { ...OUTPUT, checkpoints: [{ ...FIRST, nodeId: "" }] }],
    ["checkpoints[0].nodeId", { ...OUTPUT, checkpoints: [{ ...FIRST, nodeId: null }] }],
    ["checkpoints[0].nodeId", { ...OUTPUT, checkpoints: [{ ...FIRST, nodeId: "a\0" }] }],
    ["checkpoints[0].nodeName", { ...OUTPUT, checkpoints: [{ ...FIRST, nodeName: "\ud800" }] }],
    ["checkpoints[0].nodeName", { ...OUTPUT, checkpoints: [{ ...FIRST, nodeName: 7 }] }],
    ["checkpoints[0].stepNumber", { ...OUTPUT, checkpoints: [{ ...FIRST, stepNumber: 1.5 }] }],
    ["checkpoints[0].timestamp", { ...OUTPUT, checkpoints: [{ ...FIRST, timestamp: "soon" }] }],
    ["checkpoints[0].timestamp", { ...OUTPUT, checkpoints: [{ ...FIRST, timestamp: null }] }],
    ["checkpoints[0].timestamp", { ...OUTPUT, checkpoints: [{ ...FIRST, timestamp: "1969-12-31" }] }],
    ["checkpoints[0].timestamp", { ...OUTPUT, checkpoints: [{ ...FIRST, timestamp: 9e15 }] }],
    ["checkpoints[1].context", { ...OUTPUT, checkpoints: [FIRST, { ...SECOND, context: 1 }] }],
    ["it cannot be read", Object.defineProperty({}, "checkpoints", { enumerable: true, get: () => missing() })],
    ["checkpoints cannot be read", { ...OUTPUT, checkpoints: new Proxy([1], { get: () => missing() }) }],
  ])("for %s", async (what, output) => {
    await refused({ output }, what);
  });

  it.each<[string, object]>([
    ["status", { status: "perhaps" }],
    ["status", { status: "" }],
    ["status", { status: 1 }],
    ["status", { status: "x".repeat(1_000_000) }],
    ["status", { status: "\u001b[31m" }],
    ['"stauts"', { stauts: "done" }],
    ["workflowId", { workflowId: "" }],
    ["userId", { userId: undefined }],
    ["executionId", { executionId: "" }],
  ])("for its %s", async (what, row) => {
    await refused(row, what);
  });

  it("with a short message, on one line", async () => {
    const { WorkflowState } = setUp();
    const row = { ...ROW, status: `\u001b[31m\n${"x".repeat(1_000_000)}` };
    const error = await WorkflowState.importExecutionOutput(row).catch((error: Error) => error);
    const { message } = error as Error;
    expect(message.length).toBeLessThan(400);
    expect(message).not.toMatch(/\p{Cc}/u);
  });
});

function missing(): never {
  throw new Error("not there");
}
