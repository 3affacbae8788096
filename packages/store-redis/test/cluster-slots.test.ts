import { Cluster, Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startRedisCluster } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const cluster = await startRedisCluster();
const nodes = [...cluster.addresses];
const admins = cluster.nodes.map(({ url }) => new Redis(url));
afterAll(async () => {
  for (const admin of admins) admin.disconnect();
  await cluster.stop();
});

/** Every call that names several keys. */
async function useAll(store: RedisCheckpointStore, id: string): Promise<void> {
  const names = { workflowId: `w${id}`, userId: `u${id}`, parentId: `p${id}` };
  const head = await store.createExecution(newExecution(id, names));
  await store.commit(id, newCommit(head, { head: { status: "failed" } }));
  const claim = { claimId: `c${id}`, owner: "o", leaseMs: 1_000, from: ["failed" as const] };
  const claimed = await store.claimExecution(id, claim);
  expect(await store.readCheckpoints(id)).toHaveLength(2);
  for (const [name, value] of Object.entries(names)) {
    expect((await store.listExecutions({ [name]: value })).items).toEqual([{ ...claimed, readAt: expect.any(Number) }]);
  }
  expect((await store.listExecutions({ ...names, status: ["running", "failed"] })).items).toEqual([
    { ...claimed, readAt: expect.any(Number) },
  ]);
  expect(await store.deleteExecutions([claimed])).toBe(1);
}

const countKeys = async () =>
  (await Promise.all(admins.map((admin) => admin.dbsize()))).reduce((sum, size) => sum + size, 0);

it.for(["{a}", "{", "}", "{}", "a{}b{c}", "}{", "{index}", "{}{x}"])(
  "ids with %s keep their keys together",
  async (id) => {
    await using store = await RedisCheckpointStore.connect({ cluster: nodes, keyPrefix: "ids:" });
    await useAll(store, id);
  },
);

it.for(["{a}", "a{b}c{}", "{", "}", "}{", "{{}}", "}{a"])(
  "a client's own prefix %s keeps keys together",
  async (keyPrefix) => {
    const client = new Cluster(nodes, { keyPrefix });
    const store = RedisCheckpointStore.from(client, { keyPrefix: "" });
    await store.setup();
    await useAll(store, "e1");
    await store.close();
    client.disconnect();
    const options = { cluster: nodes, clusterOptions: { redisOptions: { keyPrefix } } };
    await using owned = await RedisCheckpointStore.connect(options);
    await useAll(owned, "e1");
  },
);

it.for(["{}", "a{}b{c}", "}{}"])("a client's own prefix %s is refused, with nothing written", async (keyPrefix) => {
  const before = await countKeys();
  const refused = (argument: string) => ({ code: "INVALID_ARGUMENT", details: { argument } });
  for (const clusterOptions of [{ keyPrefix }, { redisOptions: { keyPrefix } }]) {
    const call = RedisCheckpointStore.connect({ cluster: nodes, clusterOptions });
    await expect(call).rejects.toMatchObject(refused("clusterOptions"));
  }
  const client = new Cluster(nodes, { keyPrefix, lazyConnect: true });
  expect(() => RedisCheckpointStore.from(client)).toThrow(expect.objectContaining(refused("client")));
  client.disconnect();
  expect(await countKeys()).toBe(before);
});

it("keys in several slots, after the client's prefix was changed, are reported", async () => {
  const client = new Cluster(nodes, { keyPrefix: "x" });
  const store = RedisCheckpointStore.from(client);
  await store.setup();
  const before = await countKeys();
  client.options.keyPrefix = "{}";
  await expect(store.createExecution(newExecution("e1"))).rejects.toMatchObject({
    code: "STORE_UNAVAILABLE",
    details: { reason: "cluster", serverCode: "CROSSSLOT" },
  });
  expect(await countKeys()).toBe(before);
  client.disconnect();
});
