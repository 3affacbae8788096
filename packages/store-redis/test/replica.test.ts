import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { type RedisPair, startRedisPair, startTcpProxy } from "tooling/test-servers";
import { afterEach, expect, it } from "vitest";
import { COMMIT } from "../src/execution-scripts.ts";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function startPair(settings: Record<string, string> = {}): Promise<RedisPair> {
  const pair = await startRedisPair({ settings });
  opened.push(pair.stop);
  return pair;
}

async function open(url: string, timeoutMs = 60_000): Promise<RedisCheckpointStore> {
  const store = await RedisCheckpointStore.connect({ url, timeoutMs });
  opened.push(() => store.close());
  return store;
}

function admin(url: string): Redis {
  const client = new Redis(url);
  client.on("error", () => {});
  opened.push(async () => client.disconnect());
  return client;
}

it("writes to a replica are refused; once it is promoted they succeed, and no token comes twice", async () => {
  const { primary, replica, promote } = await startPair();
  const first = await open(primary.url);
  const head = await first.createExecution(newExecution("e1"));
  await admin(primary.url).wait(1, 0);
  const second = await open(replica.url);
  expect(await faultOf(second.createExecution(newExecution("e2")))).toEqual(
    unavailable({ reason: "read_only", serverCode: "READONLY" }),
  );
  let sent = 0;
  const writing = (async () => {
    for (;;) await first.commit("e1", newCommit({ ...head, version: sent++ }));
  })();
  writing.catch(() => {});
  await expect.poll(async () => (await second.getExecution("e1"))?.version, IN_TIME).toBeGreaterThan(20);
  await primary.kill();
  await promote();
  // What the replica had is whole, and its history has no gap.
  const { version } = (await second.getExecution("e1")) ?? { version: -1 };
  expect(version).toBeGreaterThan(20);
  expect((await second.readCheckpoints("e1")).map(({ seq }) => seq)).toEqual(
    Array.from({ length: version + 1 }, (_, n) => n),
  );
  const claim = { claimId: randomUUID(), owner: "o2", leaseMs: 1_000, from: ["running" as const], force: true };
  const claimed = await second.claimExecution("e1", claim);
  expect(claimed).toMatchObject({ version, seq: version });
  expect(claimed.token).toBeGreaterThan(head.token);
  expect(await faultOf(second.commit("e1", newCommit({ ...head, version })))).toMatchObject({ code: "LEASE_LOST" });
});

it("a store leaves a demoted primary for the new one behind its address, and sends the scripts there", async () => {
  const { primary, replica, promote } = await startPair();
  const [from, to] = [new URL(primary.url), new URL(replica.url)];
  const proxy = await startTcpProxy({ host: from.hostname, port: Number(from.port) });
  opened.push(proxy.close);
  const store = await open(proxy.urlFor(primary.url));
  const head = await store.createExecution(newExecution("e1"));
  await store.commit("e1", newCommit(head));
  await admin(primary.url).wait(1, 0);
  await promote();
  await admin(primary.url).replicaof(to.hostname, Number(to.port));

  const commit = newCommit({ ...head, version: 1 });
  expect(await faultOf(store.commit("e1", commit))).toEqual(
    unavailable({ reason: "read_only", serverCode: "READONLY" }),
  );
  proxy.pointAt({ host: to.hostname, port: Number(to.port) });
  const promoted = admin(replica.url);
  await promoted.script("FLUSH");
  // The connection that is open leads to the demoted one still.
  await store.commit("e1", commit);
  expect(await promoted.script("EXISTS", COMMIT.sha1)).toEqual([1]);
  expect(await store.getExecution("e1")).toMatchObject({ version: 2, seq: 2 });
});

it("a call waits for a replica that has lost its primary and serves no old data, and reports the reason", async () => {
  const { primary, replica, promote } = await startPair({ "replica-serve-stale-data": "no" });
  const writer = await open(primary.url);
  const head = await writer.createExecution(newExecution("e1"));
  await admin(primary.url).wait(1, 0);
  const [patient, hasty] = [await open(replica.url), await open(replica.url, 2_000)];
  await primary.kill();
  const masterDown = unavailable({ reason: "cluster", serverCode: "MASTERDOWN" });
  await expect.poll(() => faultOf(hasty.getExecution("e1")), IN_TIME).toEqual(masterDown);
  const reading = patient.getExecution("e1");
  await promote();
  expect(await reading).toEqual({ ...head, readAt: expect.any(Number) });
});
