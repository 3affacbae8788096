import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { type CodecType, createWorkflowEngine, WorkflowState } from "../../src/index.ts";

class Counter {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** An execution of as many checkpoints, each of which appends to a list and holds an instance that is counted. */
async function setUp(length: number, options: { inSegments?: boolean } = {}) {
  const store = new MemoryCheckpointStore();
  let decoded = 0;
  const type: CodecType<Counter, number> = {
    name: "Counter",
    test: (value) => value instanceof Counter,
    encode: ({ value }) => value,
    decode: (value) => {
      decoded += 1;
      return new Counter(value);
    },
  };
  const codec = { types: [type] };
  const state = await WorkflowState.withStore(store, { codec }).create("w", "u", { list: [] });
  for (let n = 1; n <= length; n++) {
    const { list } = state.getContext() as { list: number[] };
    // A text that is written over and over makes snapshots.
    const text = options.inSegments === true ? { text: String(n).padEnd(200, "x") } : {};
    state.updateContext({ list: [...list, n], last: new Counter(n), ...text });
    state.incrementStep();
    await state.createCheckpoint(`n${n}`);
  }
  const { getExecutionState } = createWorkflowEngine({ store, workflows: [], executors: {}, codec });
  const read = async () => {
    const opened = await getExecutionState(state.getExecutionId());
    decoded = 0;
    const checkpoints = opened.getCheckpoints();
    return (index: number) => checkpoints[index]?.context as { list: number[]; last: Counter };
  };
  return { read, counted: () => decoded, live: state };
}

describe("the contexts of a history", () => {
  it.each([
    ["one long segment", false],
    ["many segments", true],
  ])("cost a bounded number of operations per checkpoint in any order: %s", async (_what, inSegments) => {
    const LENGTH = 2_000;
    const { read, counted } = await setUp(LENGTH, { inSegments });
    const orders: [string, (at: number) => number, number][] = [
      ["oldest first", (at) => at, 1],
      ["newest first", (at) => LENGTH - 1 - at, 2],
      ["in pages of 20, newest page first", (at) => LENGTH - 20 - 20 * Math.floor(at / 20) + (at % 20), 3],
    ];
    for (const [, indexOf, most] of orders) {
      const contextAt = await read();
      for (let at = 0; at < LENGTH; at++) {
        const index = indexOf(at);
        const { list, last } = contextAt(index);
        if (list.length !== index + 1 || last.value !== index + 1) throw new Error(`wrong context at ${index}`);
      }
      // Each context that is handed out is a copy of its one instance.
      expect(counted() - LENGTH).toBeLessThanOrEqual(most * LENGTH + 200);
    }
  });

  it("are right in a random order, and while the history grows", async () => {
    const { read, live } = await setUp(300, { inSegments: true });
    const contextAt = await read();
    for (let at = 0; at < 600; at++) {
      const index = (at * 7_919) % 300;
      expect(contextAt(index).list).toHaveLength(index + 1);
    }
    const seen = () => live.getCheckpoints().map(({ context }) => (context as { list: number[] }).list.length);
    expect(seen()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    live.updateContext({ list: [] });
    await live.createCheckpoint("more");
    expect(live.getLastCheckpoint()?.context).toMatchObject({ list: [] });
    expect(seen().slice(-2)).toEqual([300, 0]);
  });
});
