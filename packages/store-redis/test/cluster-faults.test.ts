import { randomUUID } from "node:crypto";
import { isWorkflowError } from "@waymark/core";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startRedisCluster } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const cluster = await startRedisCluster();
afterAll(() => cluster.stop());

it("tells that a node of a cluster is not opened by its address alone", async () => {
  const results = await Promise.all(
    cluster.nodes.map(({ url }) =>
      RedisCheckpointStore.connect({ url }).then(
        async (store) => {
          await store.close();
          return "opened";
        },
        (error: unknown) => isWorkflowError(error) && error.details,
      ),
    ),
  );
  // One of them has the slot of the first key that is looked at.
  expect(results.filter((result) => result === "opened")).toHaveLength(1);
  expect(results).toContainEqual({ reason: "cluster", serverCode: "MOVED" });
});

it("fails in the time stated while a node is away, and goes on with the same store when it is back", async () => {
  const options = { cluster: [...cluster.addresses], keyPrefix: `${randomUUID()}:`, timeoutMs: 500 };
  await using store = await RedisCheckpointStore.connect(options);
  // More executions than a node could miss by chance.
  const ids = Array.from({ length: 30 }, (_, number) => `e${number}`);
  const heads = await Promise.all(ids.map((id) => store.createExecution(newExecution(id))));
  const commits = heads.map((head) => ({ id: head.id, request: newCommit(head) }));
  const commitAll = () => Promise.allSettled(commits.map(({ id, request }) => store.commit(id, request)));

  await cluster.nodes[1]?.kill();
  const begin = performance.now();
  const failed = (await commitAll()).flatMap((result) => (result.status === "rejected" ? [result.reason.code] : []));
  expect(performance.now() - begin).toBeLessThan(10_000);
  expect(new Set(failed)).toEqual(new Set(["STORE_UNAVAILABLE"]));
  await cluster.nodes[1]?.restart();
  await expect
    .poll(async () => (await commitAll()).filter(({ status }) => status === "rejected").length, { timeout: 20_000 })
    .toBe(0);
  for (const id of ids) expect(await store.getExecution(id)).toMatchObject({ version: 1, seq: 1 });
  expect((await store.listExecutions({ status: "running" })).items).toHaveLength(ids.length);
});
