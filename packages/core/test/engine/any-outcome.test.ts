import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { immediateClock } from "../immediate-clock.ts";
import { append, chain } from "./chain.ts";
import { anyOutcome } from "./hostile-outcomes.ts";

const CALL = { workflowId: "chain", userId: "u1", executionId: "e1" };
/** Codes that docs/errors.md calls "not retried". */
const NOT_RETRIED = ["NODE_RESULT_INVALID", "STATE_NOT_SERIALIZABLE", "CONTEXT_READ_ONLY", "PAYLOAD_TOO_LARGE"];

describe.each(["sync", "async"] as const)("whatever a node returns or throws, in %s durability", (durability) => {
  it("the call resolves, a failure is on record, the lease is free, and the next call works", async () => {
    await fc.assert(
      fc.asyncProperty(anyOutcome, async ({ happen, fails }) => {
        const store = new MemoryCheckpointStore();
        let calls = 0;
        let isMended = false;
        const executor: NodeExecutor = (args) => {
          if (args.node.id !== "n2" || isMended) return append(args);
          calls += 1;
          return happen() as never;
        };
        const { executeWorkflow, resumeWorkflow, getExecutionState, listExecutions } = createWorkflowEngine({
          store,
          workflows: [chain(3)],
          executors: { default: executor },
          retry: { maxAttempts: 2, backoffMs: 1 },
          durability,
          clock: immediateClock(),
        });
        const result = await executeWorkflow(CALL);
        const head = await store.getExecution("e1");
        expect([head?.status, head?.owner, head?.leaseUntil]).toEqual([result.status, undefined, undefined]);
        expect((await listExecutions()).items).toHaveLength(1);
        const state = await getExecutionState("e1");
        expect(state.getContext()).toEqual(result.output);
        expect(state.getCheckpoints()).toHaveLength(result.checkpointsCount);
        if (fails) expect(result).toMatchObject({ status: "failed", failure: { code: "NODE_FAILED" } });
        if (result.status !== "failed") {
          expect(["completed", "suspended"]).toContain(result.status);
          return;
        }

        const { failure } = result;
        expect(failure).toMatchObject({ nodeId: "n2", message: expect.any(String), attempts: calls });
        expect(head?.failure).toEqual(JSON.parse(JSON.stringify(failure)));
        if (NOT_RETRIED.includes(failure.code)) expect(calls).toBe(1);
        expect(calls).toBeLessThanOrEqual(2);
        expect(result).toMatchObject({ output: { ran: ["n1"] }, currentStep: 1, totalSteps: 3, canResume: true });
        expect(state.getCheckpoints().map(({ nodeId, error }) => [nodeId, error !== undefined])).toEqual([
          ["n1", false],
          ...Array.from({ length: calls }, () => ["n2", true]),
        ]);
        isMended = true;
        expect(await resumeWorkflow({ executionId: "e1" })).toMatchObject({
          status: "completed",
          output: { ran: ["n1", "n2", "n3"] },
          currentStep: 3,
          totalSteps: 3,
        });
      }),
      { numRuns: 400 },
    );
  });
});
