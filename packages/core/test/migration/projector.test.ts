import { describe, expect, it } from "vitest";
import type { ProjectedExecution } from "../../src/migration/index.ts";
import { Projector } from "../../src/migration/projector.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { settle } from "../engine/turns.ts";

/** A projector over executions whose state is a number, and whose writes end when the test says so. */
function setUp({ concurrency = 2 } = {}) {
  const clock = new ManualClock();
  const states = new Map<string, number>();
  const writes: string[] = [];
  const pending: { id: string; end: () => void; fail: () => void }[] = [];
  let most = 0;
  const projector = new Projector({
    clock,
    concurrency,
    read: async (executionId, written) => {
      const revision = String(states.get(executionId) ?? 0);
      return revision === written ? {} : { row: { executionId, revision } as ProjectedExecution };
    },
    write: ({ executionId, revision }) => {
      writes.push(`${executionId}:${revision}`);
      return new Promise<void>((resolve, reject) => {
        const settled = (callback: () => void) => () => {
          pending.splice(pending.indexOf(entry), 1);
          callback();
        };
        const entry = { id: executionId, end: settled(resolve), fail: settled(() => reject(new Error("away"))) };
        pending.push(entry);
        most = Math.max(most, pending.length);
      });
    },
    onFailure: () => undefined,
    remove: undefined,
  });
  const change = (id: string, state: number) => {
    states.set(id, state);
    projector.changed(id);
  };
  const endAll = async () => {
    for (const { end } of [...pending]) end();
    await settle();
  };
  return { clock, projector, writes, pending, change, endAll, most: () => most };
}

describe("Projector", () => {
  it("writes one state of an execution at a time, and leads changes that come meanwhile to one more write", async () => {
    const { clock, change, writes, endAll } = setUp();
    change("a", 1);
    await settle();
    for (let state = 2; state <= 9; state++) change("a", state);
    await settle();
    expect(writes).toEqual(["a:1"]);
    await endAll();
    clock.advance(5_000);
    await settle();
    expect(writes).toEqual(["a:1", "a:9"]);
    await endAll();
    clock.advance(5_000);
    await settle();
    expect(writes).toHaveLength(2);
  });

  it("rests four times as long as a write took", async () => {
    const { clock, change, writes, endAll } = setUp();
    change("a", 1);
    await settle();
    clock.advance(100);
    change("a", 2);
    await endAll();
    clock.advance(399);
    await settle();
    expect(writes).toEqual(["a:1"]);
    clock.advance(1);
    await settle();
    expect(writes).toEqual(["a:1", "a:2"]);
  });

  it("writes a bounded number of executions at the same time", async () => {
    const { change, writes, endAll, most } = setUp({ concurrency: 3 });
    for (let number = 0; number < 20; number++) change(`e${number}`, 1);
    await settle();
    while (writes.length < 20) await endAll();
    expect(most()).toBe(3);
  });

  it("drops changes beyond 10,000 executions, and says that a sweep has to find them", async () => {
    const { change, projector } = setUp();
    for (let number = 0; number < 10_000; number++) change(`e${number}`, 1);
    expect(projector.takeMissed()).toBe(false);
    change("one more", 1);
    change("e1", 2);
    expect(projector.takeMissed()).toBe(true);
    expect(projector.takeMissed()).toBe(false);
  });

  it("keeps a change that comes while a failed write is tried again", async () => {
    const { clock, change, writes, pending, endAll } = setUp();
    change("a", 1);
    await settle();
    pending[0]?.fail();
    await settle();
    change("a", 2);
    clock.advance(999);
    await settle();
    expect(writes).toEqual(["a:1"]);
    clock.advance(1);
    await settle();
    expect(writes).toEqual(["a:1", "a:2"]);
    change("a", 3);
    await endAll();
    clock.advance(5_000);
    await settle();
    expect(writes).toEqual(["a:1", "a:2", "a:3"]);
  });

  it("writes what has changed when it stops, without a rest", async () => {
    const { change, projector, writes, endAll } = setUp();
    change("a", 1);
    await settle();
    change("a", 2);
    let isStopped = false;
    const stopping = projector.stop().then(() => {
      isStopped = true;
    });
    await endAll();
    expect([writes, isStopped]).toEqual([["a:1", "a:2"], false]);
    await endAll();
    await stopping;
    change("a", 3);
    await settle();
    expect(writes).toHaveLength(2);
  });
});
