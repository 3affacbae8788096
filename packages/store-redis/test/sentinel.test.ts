import { randomBytes, randomUUID } from "node:crypto";
import { createWorkflowEngine, type ExecutionRecord } from "@waymark/core";
import { Redis } from "ioredis";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { type RedisSentinel, startRedisSentinel } from "tooling/test-servers";
import { afterEach, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

/** More than what lies in the buffers between a primary and a replica that does not read. */
const MEGABYTES = 48;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

// The snapshots by which a replica begins are of no matter here, nor is the disk: no server comes back but as a replica.
async function start(settings: Record<string, string> = {}) {
  const servers = await startRedisSentinel({ settings: { appendonly: "no", ...settings } });
  opened.push(servers.stop);
  const store = await open(servers, 60_000);
  return { ...servers, store };
}

async function open({ client }: Pick<RedisSentinel, "client">, timeoutMs: number): Promise<RedisCheckpointStore> {
  const store = await RedisCheckpointStore.connect({ options: client, timeoutMs });
  opened.push(() => store.close());
  return store;
}

/** Commits one checkpoint after another; remembers what was sent for each number, and how many were acknowledged. */
function newWriter(store: RedisCheckpointStore, head: ExecutionRecord, payload?: () => string) {
  const sent: string[] = [];
  return {
    sent,
    acknowledged: 0,
    async commit(): Promise<void> {
      const checkpoint = newCheckpoint(payload === undefined ? {} : { payload: payload() });
      const version = this.acknowledged;
      sent[version + 1] = checkpoint.id;
      await store.commit(head.id, newCommit({ ...head, version }, { checkpoints: [checkpoint] }));
      this.acknowledged += 1;
    },
  };
}

/** Checks that the records are those that were sent, up to some number, and that the head is that of this number. */
async function expectPrefix(store: RedisCheckpointStore, id: string, sent: readonly string[]): Promise<number> {
  const head = await store.getExecution(id);
  const seq = head?.seq ?? -1;
  expect(head).toMatchObject({ version: seq, checkpointsCount: seq });
  const records = await store.readCheckpoints(id);
  expect(records.map((record) => record.seq)).toEqual(Array.from({ length: seq + 1 }, (_, number) => number));
  expect(records.slice(1).map((record) => record.id)).toEqual(sent.slice(1, seq + 1));
  expect((await store.listExecutions({ status: "running" })).items.map((item) => item.id)).toContain(id);
  return seq;
}

const megabyte = () => JSON.stringify({ set: { blob: randomBytes(512 * 1024).toString("hex") } });

const claimRequest = () => ({
  claimId: randomUUID(),
  owner: "o2",
  leaseMs: 60_000,
  from: ["running" as const],
  force: true,
});

it("a store continues with the replica that Sentinel promotes after the primary is killed", async () => {
  const { store, primary, replica, primaryPort } = await start();
  const head = await store.createExecution(newExecution("e1"));
  await caughtUp(primary.url);
  const writer = newWriter(store, head);
  let killed: Promise<void> | undefined;
  while (writer.acknowledged < 400) {
    if (writer.acknowledged === 200) killed = primary.kill();
    const fault = await faultOf(writer.commit());
    if (fault === undefined) continue;
    // The replica had not got the last of what the primary had acknowledged.
    expect(fault).toMatchObject({ code: "VERSION_CONFLICT" });
    writer.acknowledged = await expectPrefix(store, "e1", writer.sent);
  }
  await killed;
  expect(await primaryPort()).toBe(Number(new URL(replica.url).port));
  expect(await expectPrefix(store, "e1", writer.sent)).toBe(400);
});

it("a failover loses only the newest commits, which the replica had not received", async () => {
  const { store, primary, replica } = await start();
  const head = await store.createExecution(newExecution("e1"));
  const writer = newWriter(store, head, megabyte);
  for (let n = 0; n < 3; n++) await writer.commit();
  await caughtUp(primary.url);
  replica.pause();
  while (writer.acknowledged < MEGABYTES) await writer.commit();
  await primary.kill();
  replica.resume();

  const fault = await faultOf(writer.commit());
  const version = await expectPrefix(store, "e1", writer.sent);
  expect(version).toBeGreaterThanOrEqual(3);
  expect(version).toBeLessThan(MEGABYTES);
  expect(fault).toEqual({ code: "VERSION_CONFLICT", version: MEGABYTES, currentVersion: version });
  const claimed = await store.claimExecution("e1", claimRequest());
  expect(claimed).toMatchObject({ version, seq: version });
  expect(claimed.token).toBeGreaterThan(head.token);
  expect(await faultOf(store.commit("e1", newCommit({ ...head, version })))).toMatchObject({ code: "LEASE_LOST" });
  await store.commit("e1", newCommit(claimed));
});

it("a run whose newest checkpoints were lost ends with a code, and a resume continues after the last one that is kept", async () => {
  const { store, primary, replica } = await start();
  const ids = Array.from({ length: MEGABYTES + 10 }, (_, index) => `n${index + 1}`);
  const runs = new Map<string, number>();
  const engine = createWorkflowEngine({
    store,
    leaseMs: 5_000,
    workflows: [
      {
        id: "chain",
        nodes: ids.map((id) => ({ id, type: "add" })),
        edges: ids.slice(1).map((target, index) => ({ source: ids[index] as string, target })),
      },
    ],
    executors: {
      add: async ({ context, node }) => {
        const run = (runs.get(node.id) ?? 0) + 1;
        runs.set(node.id, run);
        if (run === 1 && node.id === "n3") await caughtUp(primary.url).then(() => replica.pause());
        if (run === 1 && node.id === `n${MEGABYTES}`) await primary.kill().then(() => replica.resume());
        const visited = (context.visited as string[] | undefined) ?? [];
        return { ...context, visited: [...visited, node.id], blob: randomBytes(512 * 1024).toString("hex") };
      },
    },
  });
  const cut = await engine.executeWorkflow({ workflowId: "chain", userId: "u1", executionId: "e1" });
  expect(cut).toMatchObject({ success: false, failure: { code: "LEASE_LOST" } });
  const { seq = 0 } = (await store.getExecution("e1")) ?? {};
  expect(seq).toBeLessThan(MEGABYTES);
  const resumed = await engine.resumeWorkflow({ executionId: "e1", waitForLeaseMs: 90_000 });
  expect(resumed).toMatchObject({ success: true, output: { visited: ids } });
  // The node whose commit failed, and those whose commits were lost, ran twice; the others once.
  const again = ids.filter((id) => (runs.get(id) ?? 0) > 1);
  expect(again).toEqual(ids.slice(seq, MEGABYTES));
  expect([...runs.values()].every((count) => count <= 2)).toBe(true);
});

it("with min-replicas-to-write a primary without its replica refuses commits, before a failover and after", async () => {
  const { primary, replica, ...servers } = await start({ "min-replicas-to-write": "1", "min-replicas-max-lag": "3" });
  const { store } = servers;
  const head = await store.createExecution(newExecution("e1"));
  const writer = newWriter(store, head);
  await writer.commit();
  replica.pause();
  const refused = unavailable({ reason: "persistence", serverCode: "NOREPLICAS" });
  await expect.poll(() => faultOf(writer.commit()), IN_TIME).toEqual(refused);
  // Nothing of a refused commit is there, nor is anything lost.
  expect(await expectPrefix(store, "e1", writer.sent)).toBe(writer.acknowledged);
  replica.resume();
  await expect.poll(() => faultOf(writer.commit()), IN_TIME).toBeUndefined();

  await caughtUp(primary.url);
  await primary.kill();
  expect(await faultOf(writer.commit())).toEqual(refused);
  expect(await expectPrefix(store, "e1", writer.sent)).toBe(writer.acknowledged);
  await primary.restart();
  // Sentinel makes a replica of it.
  await expect.poll(() => faultOf(writer.commit()), IN_TIME).toBeUndefined();
  expect(await expectPrefix(store, "e1", writer.sent)).toBe(writer.acknowledged);
});

it("connect reports that no Sentinel can be reached; an open store works while they are away", async () => {
  const { store, ...servers } = await start();
  const head = await store.createExecution(newExecution("e1"));
  await servers.stopSentinel();
  await store.commit("e1", newCommit(head));
  expect(await faultOf(open(servers, 500))).toEqual(unavailable({ reason: "connection" }));
});

/** Waits until the replica has all that the primary has. */
async function caughtUp(primaryUrl: string): Promise<void> {
  const client = new Redis(primaryUrl);
  await client.set("marker", "1");
  expect(await client.wait(1, 0)).toBe(1);
  client.disconnect();
}
