import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startRedisCluster } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { Keys } from "../src/keys.ts";

const cluster = await startRedisCluster();
const nodes = await Promise.all(
  cluster.nodes.map(async ({ url }) => {
    const client = new Redis(url);
    return { client, port: new URL(url).port, id: String(await client.call("cluster", "myid")) };
  }),
);
afterAll(async () => {
  for (const { client } of nodes) client.disconnect();
  await cluster.stop();
});

it("an execution continues while its slot moves to another node, key by key", async () => {
  await using store = await RedisCheckpointStore.connect({ cluster: [...cluster.addresses], keyPrefix: "m:" });
  const head = await store.createExecution(newExecution("e1"));
  const slot = String(await nodes[0]?.client.cluster("KEYSLOT", new Keys("m:").execution("e1").head));
  const counts = await Promise.all(nodes.map(({ client }) => client.cluster("COUNTKEYSINSLOT", Number(slot))));
  const at = counts.findIndex((count) => Number(count) > 0);
  const [source, target] = [nodes[at], nodes[(at + 1) % nodes.length]] as [(typeof nodes)[0], (typeof nodes)[0]];

  let version = 0;
  let isMoved = false;
  const writing = (async () => {
    while (!isMoved || version < 100) await store.commit("e1", newCommit({ ...head, version: version++ }));
  })();
  const more = async () => {
    const from = version;
    await expect.poll(() => version, { interval: 1, timeout: 60_000 }).toBeGreaterThan(from + 10);
  };
  const say = (node: typeof source, ...words: string[]) => node.client.call("cluster", "setslot", slot, ...words);

  await more();
  await say(target, "importing", source.id);
  await say(source, "migrating", target.id);
  await more();
  // One key here, the other there: a commit fails (TRYAGAIN) until the rest has followed.
  const keys = (await source.client.call("cluster", "getkeysinslot", slot, "100")) as string[];
  expect(keys).toHaveLength(3);
  for (const key of keys) await source.client.migrate("127.0.0.1", target.port, key, 0, 60_000);
  // All are there, and the source still sends everybody on (ASK).
  await more();
  await say(target, "node", target.id);
  await say(source, "node", target.id);
  await more();
  isMoved = true;
  await writing;
  expect(await store.getExecution("e1")).toMatchObject({ version, seq: version });
  expect(await store.readCheckpoints("e1")).toHaveLength(version + 1);
  expect(await target.client.cluster("COUNTKEYSINSLOT", Number(slot))).toBe(3);
});
