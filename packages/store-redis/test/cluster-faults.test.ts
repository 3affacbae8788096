import { randomUUID } from "node:crypto";
import { isWorkflowError } from "@waymark/core";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startRedisCluster } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

const cluster = await startRedisCluster();
afterAll(() => cluster.stop());

it("a node of a cluster that is opened by its address alone is refused with advice", async () => {
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

it("calls fail within timeoutMs while a node is away, and the same store works when it is back", async () => {
  const options = { cluster: [...cluster.addresses], keyPrefix: `${randomUUID()}:` };
  await using patient = await RedisCheckpointStore.connect({ ...options, timeoutMs: 60_000 });
  await using store = await RedisCheckpointStore.connect({ ...options, timeoutMs: 2_000 });
  // More executions than a node could miss by chance.
  const ids = Array.from({ length: 30 }, (_, number) => `e${number}`);
  const heads = await Promise.all(ids.map((id) => patient.createExecution(newExecution(id))));
  const commits = heads.map((head) => ({ id: head.id, request: newCommit(head) }));
  const commitAll = () => Promise.all(commits.map(({ id, request }) => faultOf(store.commit(id, request))));

  await cluster.nodes[1]?.kill();
  const begin = performance.now();
  const faults = (await commitAll()).filter((fault) => fault !== undefined);
  // The default would be 15 seconds.
  expect(performance.now() - begin).toBeLessThan(14_000);
  expect(faults.length).toBeGreaterThan(0);
  for (const fault of faults) expect(fault).toMatchObject({ code: "STORE_UNAVAILABLE" });

  // Once the others have noticed, no node serves the slots that are left either: one asks for all by default.
  const down = unavailable({ reason: "cluster", serverCode: "CLUSTERDOWN" });
  await expect.poll(async () => await commitAll(), IN_TIME).toContainEqual(down);
  const waiting = Promise.all(commits.map(({ id, request }) => patient.commit(id, request)));
  await cluster.nodes[1]?.restart();
  await waiting;
  await expect.poll(async () => (await commitAll()).filter((fault) => fault !== undefined), IN_TIME).toEqual([]);
  for (const id of ids) expect(await store.getExecution(id)).toMatchObject({ version: 1, seq: 1 });
  expect((await store.listExecutions({ status: "running" })).items).toHaveLength(ids.length);
});
