import { describe, expect, it } from "vitest";
import { defineWorkflow, mapWorkflow, subWorkflow, type WorkflowDefinition } from "../../src/index.ts";
import { CALL, chainOf, newFamily } from "./family-world.ts";

/** Workflows that are inside each other: w0 starts w1, and so on up to the last one. */
function nested(depth: number) {
  const inner = Array.from({ length: depth }, (_, level) => chainOf(`w${level}`, `start${level + 1}`));
  const executors = inner.map(
    (_, level) => [`start${level + 1}`, subWorkflow({ workflowId: `w${level + 1}` })] as const,
  );
  return { workflows: [...inner, chainOf(`w${depth}`, "one")], executors: Object.fromEntries(executors) };
}

describe("executions inside each other", () => {
  it("can be nested 32 deep", async () => {
    const { engine, data } = newFamily(nested(32));
    expect(await engine().executeWorkflow({ ...CALL, workflowId: "w0" })).toMatchObject({ status: "completed" });
    expect((await data.listExecutions({})).items).toHaveLength(33);
  });

  it("fail at the 33rd level, and tell so up to the outermost", async () => {
    const { engine, data } = newFamily(nested(33));
    const result = await engine().executeWorkflow({ ...CALL, workflowId: "w0" });
    expect(result).toMatchObject({ status: "failed", failure: { code: "CHILD_FAILED", nodeId: "start1" } });
    const { items } = await data.listExecutions({ workflowId: "w32" });
    expect(items).toMatchObject([{ status: "failed", failure: { code: "NESTING_LIMIT", nodeId: "start33" } }]);
    expect((await data.listExecutions({ workflowId: "w33" })).items).toEqual([]);
  });
});

describe("a workflow that contains itself", () => {
  it.each<[string, readonly WorkflowDefinition[], readonly string[]]>([
    ["directly", [chainOf("parent", "toParent")], ["parent", "parent"]],
    [
      "through another",
      [chainOf("parent", "first", "sub"), chainOf("child", "toParent")],
      ["parent", "child", "parent"],
    ],
    ["through one that it starts", [chainOf("parent", "sub"), chainOf("child", "sub")], ["child", "child"]],
  ])("is refused before anything is written: %s", async (_how, workflows, workflowIds) => {
    const toParent = mapWorkflow({ workflowId: "parent", items: "list" });
    const { engine, data } = newFamily({ workflows, executors: { toParent } });
    for (const call of [engine().executeWorkflow(CALL), engine().startExecution(CALL)]) {
      await expect(call).rejects.toMatchObject({ code: "WORKFLOW_CONTAINS_ITSELF", details: { workflowIds } });
    }
    expect((await data.listExecutions({})).items).toEqual([]);
  });

  it("is found when it would start, if a definition has changed since", async () => {
    let child = chainOf("child", "one");
    const parent = chainOf("parent", "first", "sub");
    const family = newFamily({ executors: { toParent: subWorkflow({ workflowId: "parent" }) } });
    const { data, runs } = family;
    const engine = family.engine({
      workflows: ((id: string) => (id === "parent" ? parent : child)) as never,
      executors: {
        first: ({ context }) => {
          child = chainOf("child", "toParent");
          return context;
        },
      },
    });
    const result = await engine.executeWorkflow(CALL);
    expect(result.error).toContain('Workflow "parent" contains itself: "parent" starts "child" starts "parent".');
    const { items } = await data.listExecutions({ workflowId: "child" });
    expect(items).toMatchObject([{ failure: { code: "WORKFLOW_CONTAINS_ITSELF" } }]);
    expect(runs).toEqual([]);
  });
});

describe("a child that cannot be started", () => {
  it("fails the node with the reason: the workflow does not exist", async () => {
    const { engine } = newFamily({ executors: { sub: subWorkflow({ workflowId: "children" }) } });
    const result = await engine().executeWorkflow(CALL);
    expect(result).toMatchObject({ status: "failed", failure: { code: "WORKFLOW_NOT_FOUND", nodeId: "sub" } });
    expect(result.error).toContain('"child"');
  });

  it("fails the node with the reason: its input does not fit", async () => {
    const input = {
      "~standard": { version: 1, vendor: "test", validate: () => ({ issues: [{ message: "no total" }] }) },
    };
    const child = defineWorkflow({ ...chainOf("child", "one"), input: input as never });
    const { engine, children } = newFamily({ workflows: [chainOf("parent", "sub"), child] });
    const result = await engine().executeWorkflow(CALL);
    expect(result).toMatchObject({ status: "failed", failure: { code: "INPUT_INVALID", nodeId: "sub" } });
    expect(await children()).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    [
      "input throws",
      {
        input: () => {
          throw new Error("no input");
        },
      },
      /no input/,
    ],
    [
      "input returns no object",
      { input: () => 5 },
      /"input" of a subWorkflow\(\) returns must be a plain object, not 5/,
    ],
    ["input returns a list", { input: () => [] }, /"input" .* must be a plain object, not a list/],
    ["input returns a promise", { input: async () => ({}) }, /"input" .* must be a plain object, not a Promise/],
    ["input returns nothing", { input: () => undefined }, /"input" .* must be a plain object, but is missing/],
    [
      "output throws",
      {
        output: () => {
          throw new Error("no output");
        },
      },
      /no output/,
    ],
    ["output returns no result", { output: () => 5 }, /Node "sub" returned a number/],
  ])("fails the node with the reason: %s", async (_what, options, message) => {
    const { engine } = newFamily({ executors: { sub: subWorkflow({ workflowId: "child", ...options }) } });
    const result = await engine().executeWorkflow(CALL);
    expect([result.status, result.failure?.nodeId]).toEqual(["failed", "sub"]);
    expect(result.error).toMatch(message);
  });
});

describe("wrong options", () => {
  it.each<[() => unknown, string]>([
    [() => subWorkflow({} as never), "subWorkflow: workflowId: must be a string, but is missing."],
    [() => subWorkflow({ workflowId: "a", inputs: 1 } as never), 'unknown option "inputs" (did you mean "input"?)'],
    [
      () => subWorkflow({ workflowId: "a", output: {} } as never),
      "subWorkflow: output: must be a function, not an object.",
    ],
    [() => mapWorkflow({ workflowId: "a" } as never), "mapWorkflow: items: must be a string"],
    [
      () => mapWorkflow({ workflowId: "a", items: "b", itemConcurrency: 0 }),
      "itemConcurrency: must be a whole number from 1 to 1000, not 0.",
    ],
    [
      () => mapWorkflow({ workflowId: "a", items: "b", onItemError: "continue" as never }),
      'onItemError: must be "fail" or "collect", not "continue".',
    ],
  ])("are refused, with what is wrong (%#)", (call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it("an executor with a function around it says that only the engine can run it", async () => {
    const sub = subWorkflow({ workflowId: "child" });
    const { engine } = newFamily({ executors: { sub: (args) => sub(args) } });
    const { error } = await engine().executeWorkflow(CALL);
    expect(error).toContain("subWorkflow() makes an executor that only the engine can run");
  });
});
