import { mkdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { translateError } from "../src/translate-error.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

const server = await startOwnRedis();
const admin = new Redis(server.url);
const open = (timeoutMs = 60_000) => RedisCheckpointStore.connect({ url: server.url, timeoutMs });
const store = await open();
afterAll(async () => {
  await store.close();
  admin.disconnect();
  await server.stop();
});

it("a commit on a server that lacks its replicas is refused with the reason", async () => {
  const head = await store.createExecution(newExecution("e1"));
  await admin.config("SET", "min-replicas-to-write", "1");
  const fault = await faultOf(store.commit("e1", newCommit(head)));
  await admin.config("SET", "min-replicas-to-write", "0");
  expect(fault).toEqual(unavailable({ reason: "persistence", serverCode: "NOREPLICAS" }));
  expect(await store.getExecution("e1")).toEqual({ ...head, readAt: expect.any(Number) });
});

it("a call waits for a server that is busy with a long script, and reports it after timeoutMs", async () => {
  await using hasty = await open(2_000);
  const head = await store.createExecution(newExecution("e2"));
  await admin.config("SET", "lua-time-limit", "1");
  const busy = admin.eval("while true do end", 0).catch((error: unknown) => String(error));
  const other = new Redis(server.url, { enableReadyCheck: false });
  await expect.poll(() => other.ping().catch((error: unknown) => String(error)), IN_TIME).toContain("BUSY");
  expect(await faultOf(hasty.getExecution("e2"))).toEqual(unavailable({ reason: "busy", serverCode: "BUSY" }));
  const commit = store.commit("e2", newCommit(head));
  await other.script("KILL");
  await commit;
  expect(await busy).toContain("killed");
  expect(await store.getExecution("e2")).toMatchObject({ version: 1, seq: 1 });
  other.disconnect();
});

it("commits on a server that cannot save its snapshots are refused with the reason, until it can", async () => {
  const head = await store.createExecution(newExecution("e3"));
  const [, folder] = (await admin.config("GET", "dir")) as [string, string];
  await admin.config("SET", "save", "3600 1");
  // In place of the snapshot there is a folder, so that it cannot be written.
  const inTheWay = join(folder, "dump.rdb");
  mkdirSync(inTheWay);
  const save = async (status: string) => {
    await admin.bgsave();
    await expect.poll(() => admin.info("persistence"), IN_TIME).toMatch(/rdb_bgsave_in_progress:0/);
    expect(await admin.info("persistence")).toContain(`rdb_last_bgsave_status:${status}`);
  };
  await save("err");
  const refused = unavailable({ reason: "persistence", serverCode: "MISCONF" });
  expect(await faultOf(store.commit("e3", newCommit(head)))).toEqual(refused);
  expect(await faultOf(store.createExecution(newExecution("e4")))).toEqual(refused);
  expect(await store.getExecution("e3")).toEqual({ ...head, readAt: expect.any(Number) });
  rmdirSync(inTheWay);
  await save("ok");
  await store.commit("e3", newCommit(head));
  expect(await store.getExecution("e3")).toMatchObject({ version: 1, seq: 1 });
  await admin.config("SET", "save", "");
});

it("a server without a free connection is reported, and a store that is connected continues", async () => {
  const head = await store.createExecution(newExecution("e5"));
  await admin.config("SET", "maxclients", "2");
  expect(await faultOf(open())).toEqual(unavailable({ reason: "connection" }));
  await store.commit("e5", newCommit(head));
  // Cut off, it waits for a place.
  await admin.config("SET", "maxclients", "1");
  await admin.call("client", "kill", "type", "normal", "skipme", "yes");
  const commit = store.commit("e5", newCommit({ ...head, version: 1 }));
  await admin.config("SET", "maxclients", "100");
  await commit;
  expect(await store.getExecution("e5")).toMatchObject({ version: 2, seq: 2 });
});

// What scripts meet on Redis 6; the words of the server at hand are in the other tests.
it.for([
  ["out_of_memory", "OOM", "@user_script: 5: -OOM command not allowed when used memory > 'maxmemory'."],
  ["permission", "NOPERM", "@user_script: 27: The user executing the script can't run this command or subcommand"],
] as const)("%s: %s in the words of Redis 6", ([reason, serverCode, words]) => {
  const error = new Error(`ERR Error running script (call to f_4f3b0f03): @user_script:27: ${words}`);
  expect(translateError(error)).toMatchObject({ code: "STORE_UNAVAILABLE", details: { reason, serverCode } });
});
