import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CheckpointRecord, createWorkflowEngine, type NodeExecutor } from "../../src/index.ts";
import { chain } from "../engine/chain.ts";

async function recordsOf(
  length: number,
  executor: NodeExecutor,
  initialData: object = {},
): Promise<CheckpointRecord[]> {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({ store, workflows: [chain(length)], executors: { default: executor } });
  const { executionId, success } = await engine.executeWorkflow({ workflowId: "chain", userId: "u1", initialData });
  expect(success).toBe(true);
  return store.readCheckpoints(executionId);
}

const bytes = (records: readonly CheckpointRecord[]) =>
  records.reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0);

/** What a resume after each record would read, over the state's size then. */
function worstRead(records: readonly CheckpointRecord[], stateSizes: readonly number[]): number {
  let snapshot = 0;
  return Math.max(
    ...records.map(({ kind }, index) => {
      if (kind === "snapshot") snapshot = index;
      return (bytes(records.slice(snapshot, index + 1)) - 1_024) / (stateSizes[index] ?? 1);
    }),
  );
}

describe("what checkpoints weigh", () => {
  it("5,000 appends to one array write at most four times its final size", async () => {
    const append: NodeExecutor = ({ context, node }) => ({
      items: [...((context.items as object[] | undefined) ?? []), { id: node.id, text: "x".repeat(40) }],
    });
    const records = await recordsOf(5_000, append);
    const items = Array.from({ length: 5_000 }, (_, i) => ({ id: `n${i + 1}`, text: "x".repeat(40) }));
    expect(bytes(records) / Buffer.byteLength(JSON.stringify({ items }))).toBeLessThanOrEqual(4);
  });

  it.each<[string, (step: number) => Record<string, unknown>]>([
    ["one value is written over and over", (step) => ({ blob: String(step).padEnd(2_000, "x") })],
    ["keys come and go", (step) => ({ [`key${step % 7}`]: "x".repeat(step % 13) })],
    [
      "a large state is thrown away",
      (step) => (step === 50 ? { blob: "" } : step < 50 ? { blob: "x".repeat(step * 100) } : { n: step }),
    ],
    ["the state grows by new keys", (step) => ({ [`key${step}`]: "x".repeat(100) })],
  ])(
    "a resume reads at most about twice the state, and snapshots add at most about twice the changes: %s",
    async (_what, change) => {
      const sizes: number[] = [2];
      const records = await recordsOf(200, ({ context }) => {
        const next = { ...context, ...change(sizes.length) };
        sizes.push(JSON.stringify(next).length);
        return next;
      });
      // A snapshot also names the nodes that ran; a node's name is part of the state.
      const withNames = sizes.map((size, index) => size + index * 7 + 100);
      expect(worstRead(records, withNames)).toBeLessThanOrEqual(2.2);
      const snapshots = bytes(records.filter(({ kind, seq }) => kind === "snapshot" && seq > 0));
      const changes = sizes.reduce((sum, _size, step) => sum + JSON.stringify(change(step)).length + 40, 0);
      expect(snapshots).toBeLessThanOrEqual(2.2 * changes);
    },
  );

  it("a step costs the same at the end of a long execution as at its start", async () => {
    const records = await recordsOf(2_000, ({ context, node }) => ({ ...context, last: node.id }), {
      large: "x".repeat(100_000),
    });
    const deltas = records.filter(({ kind }) => kind === "delta").map(({ payload }) => payload.length);
    expect(Math.max(...deltas) - Math.min(...deltas)).toBeLessThanOrEqual(8);
  });
});
