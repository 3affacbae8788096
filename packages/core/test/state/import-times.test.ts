import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine } from "../../src/index.ts";
import { append, chain } from "../engine/chain.ts";

const NOW = Date.UTC(2026, 0, 1);
const CREATED = "2024-03-01T10:00:00.000Z";
const ENDED = "2024-03-01T10:05:00.000Z";
const output = { checkpoints: [], currentContext: {}, currentStep: 0, totalSteps: 1 };

function setUp() {
  const store = new MemoryCheckpointStore({ clock: { now: () => NOW } });
  const executors = { default: append };
  const { WorkflowState, listExecutions, resumeWorkflow } = createWorkflowEngine({
    store,
    workflows: [chain(1)],
    executors,
  });
  const imported = async (times: object) => {
    const row = { workflowId: "chain", userId: "u1", executionId: "row", output, ...times };
    await WorkflowState.importExecutionOutput(row);
    return (await listExecutions()).items[0];
  };
  return { store, imported, resumeWorkflow };
}

describe("the times of an imported row", () => {
  it.each(["completed", "failed", "cancelled", "running"])("are kept if its status was %s", async (status) => {
    const { imported } = setUp();
    expect(await imported({ status, createdAt: CREATED, endedAt: new Date(ENDED) })).toMatchObject({
      createdAt: CREATED,
      endedAt: ENDED,
      updatedAt: new Date(NOW).toISOString(),
    });
  });

  it("are never later than the store's clock, and the time of the import by default", async () => {
    const now = new Date(NOW).toISOString();
    expect(await setUp().imported({ createdAt: NOW + 5, endedAt: NOW + 9 })).toMatchObject({
      createdAt: now,
      endedAt: now,
    });
    expect(await setUp().imported({ createdAt: null, endedAt: undefined })).toMatchObject({
      createdAt: now,
      endedAt: now,
    });
  });

  it("are that of the end for both if only that is known", async () => {
    expect(await setUp().imported({ endedAt: ENDED })).toMatchObject({ createdAt: ENDED, endedAt: ENDED });
  });

  it("outlive a resume that comes to nothing", async () => {
    const { store, imported, resumeWorkflow } = setUp();
    await imported({ status: "failed", createdAt: CREATED, endedAt: ENDED });
    const { claimExecution } = store;
    let claims = 0;
    store.claimExecution = async (id, request) => {
      const claimed = await claimExecution.call(store, id, request);
      // Another writer was faster, and its record cannot be read.
      if (++claims === 1) store.readCheckpoints = async () => [];
      return { ...claimed, seq: claimed.seq + 1 };
    };
    await expect(resumeWorkflow({ executionId: "row" })).rejects.toMatchObject({ code: "STATE_CORRUPT" });
    const { status, endedAt } = (await store.getExecution("row")) ?? {};
    expect({ status, endedAt }).toEqual({ status: "failed", endedAt: Date.parse(ENDED) });
  });

  it.each([
    { createdAt: "yesterday" },
    { createdAt: new Date(Number.NaN) },
    { endedAt: -1 },
    { endedAt: 1e300 },
    { endedAt: true },
    { createdAt: ENDED, endedAt: CREATED },
  ])("are refused if they are none, and nothing is written: %o", async (times) => {
    const { store, imported } = setUp();
    await expect(imported(times)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect((await store.listExecutions()).items).toEqual([]);
  });
});
