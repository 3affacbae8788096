import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { idempotencyKey } from "../../src/engine/idempotency-key.ts";
import { createWorkflowEngine, type ExecutionEvent, suspend } from "../../src/index.ts";
import { chain } from "./chain.ts";
import { SILENT } from "./silent.ts";

const start = { workflowId: "chain", userId: "u1", executionId: "order-1" };

/** An engine whose nodes note their keys; the first call of n2 fails, and n3 waits for an answer. */
function noting(store: MemoryCheckpointStore = new MemoryCheckpointStore()) {
  const keys: Record<string, string[]> = {};
  const visits = new Set<number>();
  const events: ExecutionEvent[] = [];
  let fail = true;
  const engine = createWorkflowEngine({
    logger: SILENT,
    store,
    workflows: [chain(3)],
    executors: {
      default: ({ context, node, idempotencyKey: key, visit, resume, log }) => {
        keys[node.id] = [...(keys[node.id] ?? []), key];
        visits.add(visit);
        log.info("hello");
        if (node.id === "n2" && fail) {
          fail = false;
          throw new Error("boom");
        }
        return node.id === "n3" && resume === undefined ? suspend() : context;
      },
    },
    onEvent: (event) => events.push(event),
  });
  return { store, engine, keys, visits, events };
}

describe("the idempotency key of a node run", () => {
  it("stays the same over failures, resumes and answers, and differs from node to node", async () => {
    const { engine, keys } = noting();
    await engine.executeWorkflow(start);
    await engine.resumeWorkflow({ executionId: "order-1" });
    expect(await engine.resumeWorkflow({ executionId: "order-1", data: 1 })).toMatchObject({ status: "completed" });
    expect(keys.n2).toHaveLength(2);
    expect(keys.n3).toHaveLength(2);
    const distinct = Object.values(keys).map((each) => new Set(each).size);
    expect(distinct).toEqual([1, 1, 1]);
    expect(new Set(Object.values(keys).flat()).size).toBe(3);
    expect(keys.n1?.[0]).toMatch(/^wm_[\w-]{43}$/);
  });

  it("stays the same over a snapshot in between", async () => {
    const keys: string[] = [];
    const store = new MemoryCheckpointStore();
    const { executeWorkflow, resumeWorkflow } = createWorkflowEngine({
      store,
      workflows: [chain(4)],
      executors: {
        default: ({ node, idempotencyKey: key }) => {
          if (node.id !== "n4") return { blob: node.id.repeat(5_000) };
          keys.push(key);
          throw new Error("boom");
        },
      },
    });
    await executeWorkflow(start);
    await resumeWorkflow({ executionId: "order-1" });
    expect((await store.getExecution("order-1"))?.snapshotSeq).toBeGreaterThan(0);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("differs once the id is deleted and used again", async () => {
    const { engine, keys } = noting();
    await engine.executeWorkflow(start);
    await engine.deleteExecution({ executionId: "order-1" });
    await engine.executeWorkflow(start);
    expect(keys.n1).toHaveLength(2);
    expect(keys.n1?.[0]).not.toBe(keys.n1?.[1]);
  });

  it("of an execution from before there were instances is the one that it had, also after the next snapshot", async () => {
    const store = new MemoryCheckpointStore();
    const create = store.createExecution.bind(store);
    store.createExecution = (execution) => {
      const payload = `{"v":1,"context":{"blob":"${"x".repeat(5_000)}"},"ran":[]}`;
      return create({ ...execution, checkpoint: { ...execution.checkpoint, id: "of-format-1", payload } });
    };
    const keys: string[] = [];
    const { executeWorkflow, resumeWorkflow } = createWorkflowEngine({
      store,
      workflows: [chain(2)],
      executors: {
        default: ({ idempotencyKey: key }) => {
          keys.push(key);
          return {};
        },
      },
    });
    await executeWorkflow({ ...start, budgetMs: 0 });
    await resumeWorkflow({ executionId: "order-1" });
    expect(await store.getExecution("order-1")).toMatchObject({ status: "completed", snapshotSeq: 1 });
    expect(keys).toEqual([keyOf(["order-1", "n1"]), keyOf(["order-1", "n2"])]);
  });

  it("is a hash of the instance, the node and the visit; without an instance, of the ids and any later visit", () => {
    const old = { id: "e1", instance: undefined };
    expect(idempotencyKey(old, { nodeId: "n", visit: 1 })).toBe(keyOf(["e1", "n"]));
    expect(idempotencyKey(old, { nodeId: "n", visit: 2 })).toBe(keyOf(["e1", "n", 2]));
    expect(idempotencyKey({ id: "e1", instance: "i" }, { nodeId: "n", visit: 2 })).toBe(keyOf(["i", "n", 2]));
  });
});

function keyOf(parts: unknown[]): string {
  return `wm_${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}`;
}

describe("the visit of a node run", () => {
  it("is 1 in arguments, events, records and checkpoints", async () => {
    const { engine, store, visits, events } = noting();
    await engine.executeWorkflow(start);
    await engine.resumeWorkflow({ executionId: "order-1" });
    expect([...visits]).toEqual([1]);
    const ofNodes = events.filter((event) => "visit" in event);
    expect(new Set(ofNodes.map(({ type }) => type))).toEqual(
      new Set(["node.started", "node.completed", "node.failed", "node.suspended", "log"]),
    );
    for (const event of ofNodes) expect(event).toMatchObject({ visit: 1 });
    expect((await store.readCheckpoints("order-1")).map(({ visit }) => visit)).toEqual([1, 1, 1, 1, 1]);
    const state = await engine.getExecutionState("order-1");
    expect(state.getCheckpoints().map(({ nodeId, visit }) => [nodeId, visit])).toEqual([
      ["n1", 1],
      ["n2", 1],
      ["n2", 1],
    ]);
  });
});
