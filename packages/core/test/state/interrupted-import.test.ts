import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CheckpointStore, WorkflowError } from "../../src/index.ts";
import { crashAt } from "../../src/testing/index.ts";
import { OUTPUT, ROW, setUp, withoutIds } from "./old-rows.ts";

const IMPORT = { ...ROW, executionId: "row-1" };
/** One commit for each checkpoint, and one that ends the import. */
const COMMITS = OUTPUT.checkpoints.length + 1;

const POINTS = (["before", "after"] as const).flatMap((when) => [
  { method: "createExecution" as const, call: 1, when },
  ...Array.from({ length: COMMITS }, (_, index) => ({ method: "commit" as const, call: index + 1, when })),
]);

/** Whatever a recovery, or a person who looks for work, could find. */
async function foundByRecovery(store: CheckpointStore): Promise<unknown[]> {
  const pages = await Promise.all([store.listExecutions({ due: true }), store.listExecutions({ leaseExpired: true })]);
  return pages.flatMap(({ items }) => items);
}

describe("an import that is cut off", () => {
  it.each(POINTS)(
    "$when call $call of $method leaves nothing that runs, and a second one completes it",
    async (point) => {
      const store = new MemoryCheckpointStore();
      const crashing = crashAt(store.reopen(), point);
      await expect(setUp({ store: crashing }).WorkflowState.importExecutionOutput(IMPORT)).rejects.toMatchObject({
        code: "STORE_UNAVAILABLE",
      });
      expect(crashing.crashed).toBe(true);

      const { WorkflowState, listExecutions, getExecutionState, resumeWorkflow, started } = setUp({ store });
      expect(await foundByRecovery(store)).toEqual([]);
      const [left] = (await listExecutions()).items;
      const isWhole = point.method === "commit" && point.call === COMMITS && point.when === "after";
      const isThere = point.method === "commit" || point.when === "after";
      expect(left?.status).toBe(isThere ? "failed" : undefined);
      if (left !== undefined && !isWhole) {
        expect(left.failure).toMatchObject({ code: "IMPORT_INCOMPLETE" });
        const state = await getExecutionState("row-1");
        expect([state.getStatus(), state.canResume()]).toEqual(["failed", false]);
        for (const resume of [
          () => resumeWorkflow({ executionId: "row-1" }),
          () => resumeWorkflow({ executionId: "row-1", definition: "current" }),
          () => WorkflowState.resume("row-1"),
        ]) {
          await expect(resume()).rejects.toMatchObject({ code: "IMPORT_INCOMPLETE", executionId: "row-1" });
        }
        expect((await getExecutionState("row-1")).getStatus()).toBe("failed");
      }

      const again = WorkflowState.importExecutionOutput(IMPORT);
      if (isWhole) await expect(again).rejects.toMatchObject({ code: "EXECUTION_ALREADY_EXISTS" });
      else expect(withoutIds((await again).toExecutionOutput())).toEqual(OUTPUT);
      expect(started).toEqual([]);
      expect(await resumeWorkflow({ executionId: "row-1" })).toMatchObject({ status: "completed" });
      expect(started).toEqual(["n2", "n3"]);
    },
  );

  it("can be imported again by another process only as the same workflow's and user's", async () => {
    const store = new MemoryCheckpointStore();
    const crashing = crashAt(store.reopen(), { method: "commit", call: 1, when: "before" });
    await setUp({ store: crashing })
      .WorkflowState.importExecutionOutput(IMPORT)
      .catch(() => undefined);
    const { WorkflowState, cancelExecution, resumeWorkflow } = setUp({ store });
    for (const other of [{ userId: "u2" }, { workflowId: "other" }]) {
      await expect(WorkflowState.importExecutionOutput({ ...IMPORT, ...other })).rejects.toMatchObject({
        code: "EXECUTION_ALREADY_EXISTS",
      });
    }
    await cancelExecution({ executionId: "row-1" });
    await expect(resumeWorkflow({ executionId: "row-1" })).rejects.toMatchObject({ code: "INVALID_STATUS" });
  });

  it("that another process begins again meanwhile fails, and leaves the other's alone", async () => {
    const store = new MemoryCheckpointStore();
    let second: Promise<unknown> | undefined;
    const slow = store.reopen();
    const commit = slow.commit.bind(slow);
    slow.commit = async (id, request) => {
      second ??= setUp({ store }).WorkflowState.importExecutionOutput(IMPORT);
      await second;
      return commit(id, request);
    };
    await expect(setUp({ store: slow }).WorkflowState.importExecutionOutput(IMPORT)).rejects.toMatchObject({
      code: "LEASE_LOST",
    });
    await expect(second).resolves.toBeDefined();
    const { getExecutionState } = setUp({ store });
    expect(withoutIds((await getExecutionState("row-1")).toExecutionOutput())).toEqual(OUTPUT);
  });
});

describe("an import that fails", () => {
  it("deletes what it wrote, and reports the first error", async () => {
    for (const cleaning of ["works", "fails"]) {
      const store = new MemoryCheckpointStore();
      let commits = 0;
      const failing = store.reopen();
      const commit = failing.commit.bind(failing);
      failing.commit = async (id, request) => {
        if (++commits === 2) throw new WorkflowError("PAYLOAD_TOO_LARGE", "disk full");
        return commit(id, request);
      };
      if (cleaning === "fails") failing.getExecution = () => Promise.reject(new TypeError("cleaning up failed"));
      const { WorkflowState } = setUp({ store: failing });
      await expect(WorkflowState.importExecutionOutput(IMPORT)).rejects.toThrow("disk full");
      const left = (await store.listExecutions()).items;
      expect(left).toHaveLength(cleaning === "works" ? 0 : 1);
      expect(await foundByRecovery(store)).toEqual([]);
    }
  });
});

describe("many old rows", () => {
  it("are imported without a call of an executor, and nothing finds them to run", async () => {
    const { WorkflowState, store, started, listExecutions } = setUp();
    const statuses = ["running", "pending", "waiting", "error", "success", "canceled", undefined];
    for (let i = 0; i < 1_000; i++) {
      const status = statuses[i % statuses.length];
      await WorkflowState.importExecutionOutput({ ...ROW, ...(status === undefined ? {} : { status }) });
    }
    expect(started).toEqual([]);
    expect(await foundByRecovery(store)).toEqual([]);
    const running = await listExecutions({ status: ["pending", "running", "suspended"] });
    expect(running.items).toEqual([]);
  });
});
