import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, defineNode, type WorkflowError } from "../../src/index.ts";

/** Answers of schemas that do not keep to the standard, and what the message says of each. */
const ANSWERS: [what: string, validate: () => unknown, says: string][] = [
  ["nothing", () => undefined, "its schema failed"],
  ["null", () => null, "its schema failed"],
  ["a text", () => "valid", "its schema failed"],
  ["an object without a value", () => ({}), "neither a value nor issues"],
  ["no issue at all", () => ({ issues: [] }), "refuses it without an issue"],
  ["an issue that is null", () => ({ issues: [null] }), "its schema failed"],
  ["an issue without a message", () => ({ issues: [{}] }), "says no message"],
  ["a message that is a number", () => ({ issues: [{ message: 3 }] }), "says no message"],
  ["a path with null", () => ({ issues: [{ message: "m", path: [null] }] }), "its schema failed"],
  ["a path that is a text", () => ({ issues: [{ message: "m", path: "a.b" }] }), "its schema failed"],
  ["issues that are null", () => ({ issues: null, value: {} }), "its schema failed"],
  ["issues that are a text", () => ({ issues: "wrong" }), "its schema failed"],
  ["issues that throw", () => Object.defineProperty({}, "issues", { get: () => expect.unreachable() }), "its schema"],
];
const THROWN: [what: string, thrown: unknown, says: string][] = [
  ["an error", new Error("no connection to postgres://ann:secret@db"), "no connection to postgres://***@db"],
  ["null", null, "null"],
  ["an object without a prototype", Object.create(null), "Something without a message"],
];

/** Runs a workflow of one node with a broken schema, which must be refused before anything is written. */
async function refusal(where: "input" | "data", validate: () => unknown) {
  const schema = { "~standard": { version: 1, vendor: "test", validate } } as never;
  const store = new MemoryCheckpointStore();
  const run = () => expect.unreachable();
  const node = where === "data" ? defineNode({ type: "a", data: schema, run }) : run;
  const workflow = { id: "w", nodes: [{ id: "n", type: "a" }], edges: [] };
  const workflows = [where === "input" ? { ...workflow, input: schema } : workflow];
  const engine = createWorkflowEngine({ store, workflows, executors: { a: node as never } });
  const refused: unknown = await engine.executeWorkflow({ workflowId: "w", userId: "u" }).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
  expect((await engine.listExecutions()).items).toEqual([]);
  return refused as WorkflowError;
}

describe.each([
  ["input", "INPUT_INVALID"],
  ["data", "NODE_DATA_INVALID"],
] as const)("a schema of %s that breaks the standard", (where, code) => {
  it.each(ANSWERS)("is refused with a code if it answers with %s", async (_what, validate, says) => {
    expect(await refusal(where, validate)).toMatchObject({ code, message: expect.stringContaining(says) });
  });

  it.each(THROWN)("is refused with a code and the cause if it throws %s", async (_what, thrown, says) => {
    const message = expect.stringContaining(`its schema failed: ${says}`);
    expect(await refusal(where, () => Promise.reject(thrown))).toMatchObject({ code, message });
    const refused = await refusal(where, () => {
      throw thrown;
    });
    expect(refused).toMatchObject({ code, message });
    expect(refused.cause).toBe(thrown);
  });
});
