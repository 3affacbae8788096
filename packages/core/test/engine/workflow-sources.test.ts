import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type WorkflowEngineOptions } from "../../src/index.ts";
import { append, chain } from "./chain.ts";

const CALL = { workflowId: "chain", userId: "u1" };

function setUp(options: Record<string, unknown>) {
  const store = new MemoryCheckpointStore();
  const given = { store, workflows: [chain(2)], executors: { default: append }, ...options };
  return { store, engine: createWorkflowEngine(given as unknown as WorkflowEngineOptions) };
}

async function expectRefused(options: Record<string, unknown>, refused: object) {
  const { store, engine } = setUp(options);
  await expect(engine.executeWorkflow(CALL)).rejects.toMatchObject(refused);
  expect((await store.listExecutions()).items).toEqual([]);
}

describe("workflows given as a function", () => {
  it.each<[string, () => unknown]>([
    ["at once", () => chain(2)],
    ["as a promise", async () => chain(2)],
  ])("may return a definition %s", async (_what, workflows) => {
    expect(await setUp({ workflows }).engine.executeWorkflow(CALL)).toMatchObject({ status: "completed" });
  });

  it.each([null, undefined])("that return %s know no such workflow", async (nothing) => {
    await expectRefused({ workflows: () => nothing }, { code: "WORKFLOW_NOT_FOUND" });
    await expectRefused({ workflows: async () => nothing }, { code: "WORKFLOW_NOT_FOUND" });
    await expectRefused({ workflows: { chain: nothing } }, { code: "WORKFLOW_NOT_FOUND" });
  });

  it.each([1, "chain", [], true, () => chain(2)])("that return %s are refused", async (wrong) => {
    await expectRefused({ workflows: () => wrong }, { code: "WORKFLOW_INVALID" });
  });

  it("that return a definition of another id are refused, naming both", async () => {
    const refused = { code: "WORKFLOW_INVALID", message: expect.stringMatching(/"chain".*"other"/) };
    await expectRefused({ workflows: () => chain(2, "other") }, refused);
    await expectRefused({ workflows: { chain: chain(2, "other") } }, refused);
  });

  it("that throw are passed on, and nothing is written", async () => {
    const thrown = new Error("down");
    await expectRefused({ workflows: () => Promise.reject(thrown) }, thrown);
    await expectRefused(
      {
        workflows: () => {
          throw thrown;
        },
      },
      thrown,
    );
  });
});

describe("a list of workflows", () => {
  it("with entries that are no definitions finds the others", async () => {
    const { engine } = setUp({ workflows: [null, chain(2)] });
    expect(await engine.executeWorkflow(CALL)).toMatchObject({ status: "completed" });
    await expect(engine.executeWorkflow({ ...CALL, workflowId: "nope" })).rejects.toMatchObject({
      code: "WORKFLOW_NOT_FOUND",
    });
  });

  it("with an entry that throws when it is read is refused with a code", () => {
    const hostile = Object.defineProperty({}, "id", {
      get: () => {
        throw new Error("gotcha");
      },
    });
    expect(() => setUp({ workflows: [hostile] })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("executors", () => {
  it.each<[string, unknown]>([
    ["at once", () => append],
    ["as a promise", async () => append],
  ])("given as a function may return one %s", async (_what, executors) => {
    expect(await setUp({ executors }).engine.executeWorkflow(CALL)).toMatchObject({ status: "completed" });
  });

  it.each([null, undefined])("given as a function that returns %s do not know the type", async (nothing) => {
    const refused = { code: "UNKNOWN_NODE_TYPE", details: { type: "default", nodeId: "n1" } };
    await expectRefused({ executors: () => nothing }, refused);
    await expectRefused({ executors: async () => nothing }, refused);
  });

  it.each([1, {}, [], "run", true])("given as a function that returns %j are refused, naming the type", async (no) => {
    const refused = { code: "INVALID_ARGUMENT", message: expect.stringContaining('"default"') };
    await expectRefused({ executors: () => no }, refused);
  });

  it.each([[null], [[append]], ["x"], [{ default: null }], [{ default: [append] }], [{ default: {} }]])(
    "%j are refused when the engine is made",
    (executors) => {
      expect(() => setUp({ executors })).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    },
  );
});

describe("definitions that a function makes anew each time", () => {
  it("are prepared once, as long as their content and their executors are the same", async () => {
    let validated = 0;
    const validate = (value: unknown) => {
      validated += 1;
      return { value };
    };
    const withData = (run: typeof append) =>
      Object.assign((args: Parameters<typeof append>[0]) => run(args), {
        type: "default",
        dataSchema: { "~standard": { version: 1, vendor: "test", validate } },
      });
    let executor = withData(append);
    const { engine } = setUp({ workflows: () => structuredClone(chain(2)), executors: () => executor });
    for (let calls = 0; calls < 5; calls++) await engine.executeWorkflow(CALL);
    expect(validated).toBe(2);
    executor = withData(() => ({ changed: true }));
    expect((await engine.executeWorkflow(CALL)).output).toEqual({ changed: true });
    expect(validated).toBe(4);
  });
});
