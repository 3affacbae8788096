import { type NodeExecutor, suspend } from "@waymark/core";
import { MemoryCheckpointStore } from "@waymark/store-memory";
import { describe, expect, it } from "vitest";
import { recoverV2, startV2 } from "../src/compare/executors.ts";

const workflow = { id: "w", nodes: [{ id: "a" }], edges: [] };
const run: NodeExecutor = ({ context }) => ({ ...context, ran: true });

interface Recovered {
  executors: Record<string, NodeExecutor>;
  userId?: string;
  waitMs?: number;
}

/** Leaves a pending execution of a user in the store, and lets a recovery of `u` run. */
async function recover({ executors, userId = "u", waitMs = 60_000 }: Recovered) {
  const store = new MemoryCheckpointStore();
  const options = { store, contextMode: "frozen" as const };
  const pending = { workflow, executors: { default: run }, initialData: { n: 1 }, userId, budgetMs: 0 };
  await startV2(options, { ...pending, executionId: "e" });
  const outcome = recoverV2(options, { workflow, executors, userId: "u", timeoutMs: 60_000, waitMs });
  return { outcome: await outcome, status: (await store.getExecution("e"))?.status };
}

describe("a recovery", () => {
  it("completes an execution that nobody names", async () => {
    expect(await recover({ executors: { default: run } })).toEqual({
      outcome: { success: true, output: { n: 1, ran: true } },
      status: "completed",
    });
  });

  it("leaves those of another user alone", async () => {
    await expect(recover({ executors: { default: run }, userId: "other", waitMs: 50 })).rejects.toThrow("timeout");
  });

  it("reports the failure of a node", async () => {
    const executors = {
      default: () => {
        throw new Error("no luck");
      },
    };
    expect(await recover({ executors })).toEqual({ outcome: { success: false, error: "no luck" }, status: "failed" });
  });

  it("names the node that waits for an answer", async () => {
    expect(await recover({ executors: { default: () => suspend({ reason: "approval" }) } })).toEqual({
      outcome: {
        success: false,
        error: 'The run waits for an answer: node "a" (approval).',
        waits: 'waits for an answer: node "a" (approval)',
      },
      status: "suspended",
    });
  });

  it("reports an execution that it cannot run", async () => {
    expect(await recover({ executors: { other: run } })).toEqual({
      outcome: { success: false, error: "the recovery left it as it is: UNKNOWN_NODE_TYPE" },
      status: "pending",
    });
  });
});
