import { Redis } from "ioredis";
import { newCommit, newExecution } from "tooling/store-fixtures";
import { startOwnRedis } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";
import { faultOf, IN_TIME, unavailable } from "./fault-of.ts";

// The server takes at least four seconds to load a snapshot of this many keys, and answers meanwhile.
const KEYS = 4_000;
const server = await startOwnRedis({
  settings: { appendonly: "no", "key-load-delay": "1000", "loading-process-events-interval-bytes": "1024" },
});
afterAll(() => server.stop());

const open = (timeoutMs: number) => RedisCheckpointStore.connect({ url: server.url, timeoutMs });
const loading = unavailable({ reason: "loading", serverCode: "LOADING" });

it("a call waits for a server that is loading its data, and reports it after timeoutMs", async () => {
  await using patient = await open(60_000);
  await using hasty = await open(1_000);
  const head = await patient.createExecution(newExecution("e1"));
  const admin = new Redis(server.url, { enableReadyCheck: false });
  admin.on("error", () => {});
  await admin.eval("for i = 1, ARGV[1] do redis.call('SET', 'key' .. i, i) end", 0, String(KEYS));
  await admin.save();

  const restarted = server.restart();
  await expect.poll(() => admin.ping().catch((error: unknown) => String(error)), IN_TIME).toContain("LOADING");
  const commit = patient.commit("e1", newCommit(head));
  const opening = open(60_000);
  expect(await Promise.all([faultOf(hasty.getExecution("e1")), faultOf(open(500))])).toEqual([loading, loading]);
  expect(await admin.ping().catch((error: unknown) => String(error))).toContain("LOADING");
  await commit;
  await using opened = await opening;
  expect(await opened.getExecution("e1")).toMatchObject({ version: 1, seq: 1 });
  expect(await hasty.readCheckpoints("e1")).toHaveLength(2);
  await restarted;
  admin.disconnect();
});
