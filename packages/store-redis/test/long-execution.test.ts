import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf } from "./fault-of.ts";
import { type Calls, callsOf, figureOf } from "./server-work.ts";

const MEBIBYTE = 1024 * 1024;

// Its own, so that it counts no other client's commands.
const server = await startOwnRedis({ settings: { appendonly: "no" } });
const admin = new Redis(server.url);
const store = await RedisCheckpointStore.connect({ url: server.url, timeoutMs: 60_000 });
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

describe("a large state", () => {
  it.each([
    ["16 MiB", 16 * MEBIBYTE],
    ["the largest there is", store.capabilities.maxPayloadBytes],
  ])("of %s is kept and read", async (_name, bytes) => {
    const head = await store.createExecution(newExecution(randomUUID()));
    const payload = payloadOf(bytes);
    await store.commit(head.id, newCommit(head, { checkpoints: [newCheckpoint({ kind: "snapshot", payload })] }));
    await store.commit(head.id, newCommit({ ...head, version: 1 }));
    const records = await store.readCheckpoints(head.id);
    expect(records.map(({ payload: kept }) => kept.length)).toEqual([2, bytes, newCheckpoint().payload.length]);
    expect(records[1]?.payload === payload).toBe(true);
    expect(await store.deleteExecutions([{ id: head.id, version: 2 }])).toBe(1);
  });

  it("that is one byte too large is refused before anything is sent", async () => {
    const head = await store.createExecution(newExecution(randomUUID()));
    // Each "é" is two bytes: what counts is what is sent, not the length of the text.
    const payload = `"${"é".repeat((store.capabilities.maxPayloadBytes - 2) / 2)}1"`;
    const checkpoint = newCheckpoint({ kind: "snapshot", payload });
    const received = await figureOf(admin, "stats", "total_net_input_bytes");
    const calls = await callsOf(admin, async () => {
      const faults = [
        store.commit(head.id, newCommit(head, { checkpoints: [checkpoint] })),
        store.createExecution(newExecution(randomUUID(), { checkpoint })),
        store.saveDefinition("large", payload),
      ].map(faultOf);
      for (const fault of await Promise.all(faults)) expect(fault).toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    });
    expect(calls).toEqual({});
    // Those are the questions themselves.
    expect((await figureOf(admin, "stats", "total_net_input_bytes")) - received).toBeLessThan(1_000);
    expect(await store.getExecution(head.id)).toEqual({ ...head, readAt: expect.any(Number) });
  });
});

describe("an execution of 10,000 checkpoints", () => {
  const id = "long";
  const LAST = 10_000;
  const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

  const perCommit = new Map<number, Calls>();

  beforeAll(async () => {
    const { token } = await store.createExecution(newExecution(id));
    for (let version = 0; version < LAST; version++) {
      const step = version + 1;
      const checkpoint = newCheckpoint({ stepNumber: step, payload: `{"step":${step}}` });
      const request = newCommit(
        { token, version },
        { checkpoints: [checkpoint], leaseMs: 30_000, head: { currentStep: step } },
      );
      if (step !== 10 && step !== LAST) await store.commit(id, request);
      else perCommit.set(step, await callsOf(admin, () => store.commit(id, request)));
    }
    // So that the server knows the script of reading, too.
    await store.readCheckpoints(id, { limit: 1 });
  });

  it("costs the server as much at its end as at its beginning", async () => {
    expect(perCommit.get(10)).toEqual({ evalsha: 1, hmget: 1, llen: 1, time: 1, hset: 1, rpush: 1 });
    expect(perCommit.get(LAST)).toEqual(perCommit.get(10));
    expect(await store.getExecution(id)).toMatchObject({ version: LAST, seq: LAST, checkpointsCount: LAST });
  });

  it("is read as a whole in both orders", async () => {
    const records = await store.readCheckpoints(id);
    expect(records.map(({ seq }) => seq)).toEqual(numbers(0, LAST));
    expect(
      records.slice(1).every(({ seq, stepNumber, payload }) => stepNumber === seq && payload === `{"step":${seq}}`),
    ).toBe(true);
    expect(await store.readCheckpoints(id, { order: "desc" })).toEqual(records.reverse());
  });

  it.each([
    ["the newest", { order: "desc", limit: 3 }, [10_000, 9_999, 9_998]],
    ["the oldest", { limit: 3 }, [0, 1, 2]],
    ["a range", { from: 4_990, to: 5_010 }, numbers(4_990, 5_010)],
    ["a range, backwards", { from: 4_990, to: 5_010, order: "desc" }, numbers(4_990, 5_010).reverse()],
    ["the beginning of a range", { from: 7_000, to: 9_000, limit: 2 }, [7_000, 7_001]],
    ["the end of a range", { from: 7_000, to: 9_000, limit: 2, order: "desc" }, [9_000, 8_999]],
    ["all from a number on", { from: 9_997 }, [9_997, 9_998, 9_999, 10_000]],
    ["nothing beyond the end", { from: 10_001 }, []],
  ] as const)("%s is read with one script, and a few commands", async (_name, options, expected) => {
    let found: number[] = [];
    const calls = await callsOf(admin, async () => {
      found = (await store.readCheckpoints(id, options)).map(({ seq }) => seq);
    });
    expect(found).toEqual(expected);
    const { lrange = 0, ...others } = calls;
    expect(others).toEqual({ evalsha: 1, hmget: 1, llen: 1 });
    // Twenty records at a time.
    expect(lrange).toBe(Math.ceil(expected.length / 20));
  });
});

/** Returns JSON of exactly `bytes` bytes. */
function payloadOf(bytes: number): string {
  return JSON.stringify({ text: "0123456789abcdef".repeat(bytes / 16).slice('{"text":""}'.length) });
}
