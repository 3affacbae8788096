import { startOwnRedis } from "tooling/test-servers";
import { runKillTrial, runRaceTrial } from "tooling/trials";
import { afterAll, expect, it } from "vitest";
import { RedisCheckpointStore } from "../src/index.ts";

const MODULE = new URL("../src/index.ts", import.meta.url).href;
// The long runs are `node tooling/trials/long.ts redis`.
const server = await startOwnRedis();
afterAll(() => server.stop());

function trial(keyPrefix: string) {
  const options = { url: server.url, keyPrefix };
  return {
    seed: Math.floor(Math.random() * 1_000_000),
    address: { module: MODULE, className: "RedisCheckpointStore", options },
    open: () => RedisCheckpointStore.connect(options),
  };
}

it("a process that is killed at any moment loses no acknowledged checkpoint", async () => {
  const verdict = await runKillTrial({ ...trial("process:"), kills: 6 });
  expect(verdict.violations, `seed ${verdict.seed}`).toEqual([]);
  expect(verdict.kills).toBe(6);
}, 120_000);

it("a server that is killed and started again has every acknowledged checkpoint, and the store works again", async () => {
  const verdict = await runKillTrial({ ...trial("server:"), kills: 3, killServer: () => server.restart() });
  expect(verdict.violations, `seed ${verdict.seed}`).toEqual([]);
  expect(verdict.kills).toBe(3);
}, 120_000);

it("of many processes that commit the same version, one wins", async () => {
  const { address, open } = trial("race:");
  const store = await open();
  const verdict = await runRaceTrial({ address, store, processes: 4, versions: 50 });
  expect(verdict.violations).toEqual([]);
  await store.close();
}, 120_000);
