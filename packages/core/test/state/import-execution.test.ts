import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ImportedExecution } from "../../src/index.ts";
import { assertExact } from "./exact.ts";
import { OUTPUT, ROW, setUp, withoutIds } from "./old-rows.ts";

const FRESH = { checkpoints: [], currentContext: { a: 1 }, currentStep: 0, totalSteps: 3 };

describe("importExecutionOutput", () => {
  it("takes in an old row, which then reads the same and continues where it failed", async () => {
    const { WorkflowState, resumeWorkflow, started } = setUp();
    for (const output of [OUTPUT, JSON.stringify(OUTPUT)]) {
      const state = await WorkflowState.importExecutionOutput({ ...ROW, output });
      expect([state.getStatus(), state.canResume()]).toEqual(["failed", true]);
      expect(state.getFailure()).toEqual({
        code: "NODE_FAILED",
        message: "429 Too Many Requests",
        nodeId: "n2",
        nodeName: "llm",
      });
      expect(withoutIds(state.toExecutionOutput())).toEqual(OUTPUT);
      const result = await resumeWorkflow({ executionId: state.getExecutionId() });
      expect(result).toMatchObject({ status: "completed", output: { a: 1, n2: true, n3: true }, totalSteps: 3 });
    }
    expect(started).toEqual(["n2", "n3", "n2", "n3"]);
  });

  it("takes in what was not finished as failed, to be resumed by hand", async () => {
    const { WorkflowState, resumeWorkflow } = setUp();
    for (const status of [undefined, null, "running", "PENDING", "waiting"]) {
      const state = await WorkflowState.importExecutionOutput({ ...ROW, status, output: FRESH } as ImportedExecution);
      expect([state.getStatus(), state.getContext()]).toEqual(["failed", { a: 1 }]);
      expect(state.getFailure()).toMatchObject({ code: "IMPORTED", message: expect.stringContaining("by hand") });
      expect(state.toExecutionOutput()).toEqual(FRESH);
      const { output } = await resumeWorkflow({ executionId: state.getExecutionId() });
      expect(output).toEqual({ a: 1, n1: true, n2: true, n3: true });
    }
  });

  it.each([
    ["completed", ["completed", "success", "SUCCEEDED", "done", "finished", "Complete"]],
    ["failed", ["failed", "error", "Failure", "crashed", "TIMED_OUT", "expired", "exception"]],
    ["cancelled", ["cancelled", "canceled", "CANCELED", "aborted", "killed"]],
    [
      "IMPORTED",
      [
        "pending",
        "running",
        "waiting",
        "queued",
        "in_progress",
        "In Progress",
        "IN-PROGRESS",
        "suspended",
        "executing",
        "unknown",
      ],
    ],
  ])("knows the usual words for %s", async (wanted, words) => {
    const { WorkflowState } = setUp();
    for (const status of words) {
      const state = await WorkflowState.importExecutionOutput({ ...ROW, status });
      expect(wanted === "IMPORTED" ? state.getFailure()?.code : state.getStatus()).toBe(wanted);
      if (wanted === "IMPORTED") expect(state.getStatus()).toBe("failed");
      if (wanted === "completed") expect(state.getFailure()).toBeUndefined();
      else expect(state.toExecutionOutput().error).toBe(OUTPUT.error);
    }
  });

  it("tells by the steps whether a row without a status was completed", async () => {
    const { WorkflowState } = setUp();
    const done = await WorkflowState.importExecutionOutput({ ...ROW, output: { ...FRESH, currentStep: 3 } });
    expect([done.getStatus(), done.canResume()]).toEqual(["completed", false]);
  });

  it("takes null for absent, and ids, names and times as old tables have them", async () => {
    const { WorkflowState } = setUp();
    const checkpoint = { ...OUTPUT.checkpoints[0], id: 7, nodeName: null, error: null, timestamp: new Date(5) };
    const output = { ...FRESH, checkpoints: [checkpoint, { ...checkpoint, id: null, timestamp: 5.5 }], error: null };
    const row = { ...ROW, executionId: null, status: null, output } as unknown as ImportedExecution;
    const [first, second] = (await WorkflowState.importExecutionOutput(row)).getCheckpoints();
    expect(first).toMatchObject({ nodeName: "default", timestamp: "1970-01-01T00:00:00.005Z" });
    expect(second).toMatchObject({ timestamp: "1970-01-01T00:00:00.005Z" });
    const none = { ...FRESH, checkpoints: null };
    expect((await WorkflowState.importExecutionOutput({ ...ROW, output: none })).getCheckpoints()).toEqual([]);
  });

  it("refuses with a code whatever throws when it is read", async () => {
    const { WorkflowState } = setUp();
    const revoked = Proxy.revocable([], {});
    revoked.revoke();
    const throwing = (name: string, others: object) =>
      Object.defineProperty({ ...others }, name, {
        enumerable: true,
        get() {
          throw new Error("gotcha");
        },
      });
    for (const name of ["workflowId", "userId", "executionId", "output", "status", "createdAt", "endedAt"]) {
      for (const row of [throwing(name, { ...ROW, output: FRESH }), { ...ROW, output: FRESH, [name]: revoked.proxy }]) {
        const refused = WorkflowState.importExecutionOutput(row as never);
        await expect(refused, name).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
      }
    }
    for (const executionId of [Symbol("id"), Object.create(null), 7]) {
      const refused = WorkflowState.importExecutionOutput({ ...ROW, output: FRESH, executionId } as never);
      await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    const output = { ...FRESH, checkpoints: revoked.proxy } as never;
    await expect(WorkflowState.importExecutionOutput({ ...ROW, output })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("cuts credentials out of the errors that it takes in", async () => {
    const { WorkflowState } = setUp();
    const error = "connect postgres://app:hunter2@db/x failed";
    const output = { ...OUTPUT, error, checkpoints: [{ ...OUTPUT.checkpoints[0], error: { message: error } }] };
    const state = await WorkflowState.importExecutionOutput({ ...ROW, output: JSON.stringify(output) });
    expect(JSON.stringify([state.getFailure(), state.toExecutionOutput()])).not.toContain("hunter2");
  });
});

describe("users' data in an old row", () => {
  const codec = {
    types: [{ name: "Money", test: () => false, encode: () => 0, decode: () => expect.unreachable("It was decoded.") }],
  };

  it("comes back equal, with keys $type at every depth, and decodes nothing", async () => {
    const { WorkflowState } = setUp({ codec });
    const plain = { noNullPrototype: true };
    const json = fc.json({ maxDepth: 4 }).map((text) => ({ value: JSON.parse(text) }));
    const tagged = fc.record(
      {
        $type: fc.constantFrom<unknown>("Date", "Map", "undefined", "Object", "bigint", "Money", "", null, 1),
        value: json,
      },
      plain,
    );
    const any = fc.oneof(
      json,
      tagged,
      fc.record({ deep: fc.array(tagged), waymarkTypes: fc.constant([[["a"], "Money"]]) }, plain),
    );
    await fc.assert(
      fc.asyncProperty(any, any, fc.boolean(), async (context, currentContext, asText) => {
        const checkpoints = [{ ...OUTPUT.checkpoints[0], context }];
        const output = { ...FRESH, checkpoints, currentContext } as never;
        const state = await WorkflowState.importExecutionOutput({
          ...ROW,
          output: asText ? JSON.stringify(output) : output,
        });
        assertExact(state.getContext(), currentContext);
        assertExact(state.getLastCheckpoint()?.context, context);
      }),
      { numRuns: 300 },
    );
  });

  it("may stand in several places, and stays the caller's", async () => {
    const { WorkflowState } = setUp();
    const shared = { list: [1] };
    const output = { ...FRESH, currentContext: { a: shared, b: [shared, shared] } };
    const state = await WorkflowState.importExecutionOutput({ ...ROW, output });
    expect(state.getContext()).toEqual(output.currentContext);
    shared.list.push(2);
    expect(state.getContext()).toMatchObject({ a: { list: [1] } });
  });

  it("is read as other types only where waymarkTypes says so, and only as they are", async () => {
    const { WorkflowState } = setUp();
    const currentContext = { at: "2020-01-01T00:00:00.000Z", doc: { $type: "Date", value: "2020-01-01" } };
    const waymarkTypes = [[["currentContext", "at"], "Date"]] as never;
    const state = await WorkflowState.importExecutionOutput({
      ...ROW,
      output: { ...FRESH, currentContext, waymarkTypes },
    });
    assertExact(state.getContext(), { at: new Date("2020-01-01"), doc: currentContext.doc });
    for (const [types, code] of [
      [[[["currentContext", "doc"], "Date"]], "INVALID_ARGUMENT"],
      [[[["currentContext", "gone"], "Date"]], "INVALID_ARGUMENT"],
      [[[["at"], "Date"]], "INVALID_ARGUMENT"],
      [[["at", "Date"]], "INVALID_ARGUMENT"],
      [[[["currentContext", "at"]]], "INVALID_ARGUMENT"],
      [{ at: "Date" }, "INVALID_ARGUMENT"],
      ["Date", "INVALID_ARGUMENT"],
      [[[["currentContext", "at"], "Unknown"]], "STATE_TYPE_UNKNOWN"],
    ] as const) {
      const output = { ...FRESH, currentContext, waymarkTypes: types } as never;
      await expect(WorkflowState.importExecutionOutput({ ...ROW, output })).rejects.toMatchObject({ code });
    }
  });
});
