import { isWorkflowError } from "@waymark/core";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { translateError } from "../src/translate-error.ts";

const server = await startOwnRedis();
const admin = new Redis(server.url);
const store = await RedisCheckpointStore.connect({ url: server.url, timeoutMs: 10_000 });
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

it("a server that lacks its replicas takes no commit, and says so", async () => {
  const head = await store.createExecution(newExecution("e1"));
  await admin.config("SET", "min-replicas-to-write", "1");
  const error = await store.commit("e1", newCommit(head)).catch((thrown: unknown) => thrown);
  await admin.config("SET", "min-replicas-to-write", "0");
  expect(isWorkflowError(error) && error.details).toEqual({ reason: "persistence", serverCode: "NOREPLICAS" });
  expect(await store.getExecution("e1")).toEqual(head);
});

it("a server that is held up by a long script is waited for", async () => {
  const head = await store.createExecution(newExecution("e2"));
  await admin.config("SET", "busy-reply-threshold", "1");
  const busy = admin.eval("while true do end", 0).catch((error: unknown) => String(error));
  const other = new Redis(server.url, { enableReadyCheck: false });
  await expect.poll(() => other.ping().catch((error: unknown) => String(error))).toContain("BUSY");
  const commit = store.commit("e2", newCommit(head));
  await other.script("KILL");
  await commit;
  expect(await busy).toContain("killed");
  expect(await store.getExecution("e2")).toMatchObject({ version: 1, seq: 1 });
  other.disconnect();
});

// In the words of Redis 6.2 to 8; what a test can bring about is in the other tests.
it.for([
  ["loading", "LOADING Redis is loading the dataset in memory"],
  ["persistence", "MISCONF Errors writing to the AOF file: No space left on device"],
  [
    "out_of_memory",
    "ERR Error running script (call to f_97ce): @user_script:5: @user_script: 5: -OOM command not allowed",
  ],
  ["cluster", "CLUSTERDOWN The cluster is down"],
  ["cluster", "CROSSSLOT Keys in request don't hash to the same slot"],
  ["cluster", "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
  ["connection", "All sentinels are unreachable. Retrying from scratch after 10ms."],
  ["server", "ERR max number of clients reached"],
])("%s: %s", ([reason, message]) => {
  expect(translateError(new Error(message))).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason } });
});
