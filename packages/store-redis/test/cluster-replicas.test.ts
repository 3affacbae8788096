import { Cluster, Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis, startRedisCluster } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { IN_TIME } from "./fault-of.ts";
import { callsUntilNow } from "./server-work.ts";

const cluster = await startRedisCluster();
const replicas = await Promise.all(
  cluster.nodes.map(() => startOwnRedis({ settings: { "cluster-enabled": "yes", "cluster-node-timeout": "2000" } })),
);
const admins = replicas.map(({ url }) => new Redis(url));
const primaries = cluster.nodes.map(({ url }) => new Redis(url));
afterAll(async () => {
  for (const admin of [...admins, ...primaries]) admin.disconnect();
  await Promise.all([...replicas.map((replica) => replica.stop()), cluster.stop()]);
});

/** Adds a replica to each node of the cluster. */
async function attachReplicas(): Promise<void> {
  const [{ host, port }] = cluster.addresses as [{ host: string; port: number }];
  for (const admin of admins) await admin.call("cluster", "meet", host, String(port));
  for (const [at, admin] of admins.entries()) {
    const primary = String(await primaries[at]?.call("cluster", "myid"));
    await expect.poll(() => admin.call("cluster", "replicate", primary).catch(() => "no"), IN_TIME).toBe("OK");
  }
  // A replica counts as one once it has been sent something.
  const writer = new Cluster([...cluster.addresses]);
  for (let n = 0; n < 20; n++) await writer.set(`own:${n}`, "text");
  writer.disconnect();
  const ports = replicas.map(({ url }) => new URL(url).port);
  for (const primary of primaries) {
    const slots = async () => JSON.stringify(await primary.call("cluster", "slots"));
    for (const each of ports) await expect.poll(slots, IN_TIME).toContain(each);
  }
}

it("no read goes to a replica, whatever the client's option for reads is", async () => {
  await attachReplicas();
  for (const scaleReads of ["slave", "all", (nodes: unknown[]) => nodes.at(-1)] as const) {
    const client = new Cluster([...cluster.addresses], { scaleReads: scaleReads as "slave" });
    // Its own reads do go there.
    const callsOfReplicas = () => Promise.all(admins.map(callsUntilNow));
    const ownReads = async () => {
      for (let n = 0; n < 20; n++) await client.get(`own:${n}`);
      return (await callsOfReplicas()).reduce((sum, { get = 0 }) => sum + get, 0);
    };
    const untilNow = await ownReads();
    await expect.poll(ownReads, IN_TIME).toBeGreaterThan(untilNow);
    const before = await callsOfReplicas();

    const store = RedisCheckpointStore.from(client);
    await store.setup();
    for (let n = 0; n < 8; n++) {
      const id = `e${n}:${String(scaleReads)}`.slice(0, 20);
      const head = await store.createExecution(newExecution(id));
      await store.commit(id, newCommit(head));
      expect(await store.getExecution(id)).toMatchObject({ version: 1 });
      expect(await store.readCheckpoints(id)).toHaveLength(2);
      await store.saveDefinition(id, `{"n":${n}}`);
      expect(await store.getDefinition(id)).toBe(`{"n":${n}}`);
      expect(await store.getDefinition(`no ${id}`)).toBeUndefined();
    }
    expect((await store.listExecutions({ userId: "u1", status: "running" })).items).not.toHaveLength(0);
    await store.close();
    client.disconnect();

    const after = await callsOfReplicas();
    const reads = ["get", "hget", "hgetall", "hmget", "lrange", "lindex", "llen", "zrange", "zcard", "evalsha", "eval"];
    for (const [at, calls] of after.entries()) {
      for (const name of reads) expect(calls[name] ?? 0, name).toBe(before[at]?.[name] ?? 0);
    }
  }
});
