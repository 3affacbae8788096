import { startOwnMongo } from "tooling/test-servers";
import { runKillTrial, runRaceTrial } from "tooling/trials";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startOwnMongo();
afterAll(() => server.stop());

const module = new URL("../src/index.ts", import.meta.url).href;
const connectTo = (collectionPrefix: string) => ({ url: server.url, collectionPrefix });
const addressOf = (collectionPrefix: string) => ({
  module,
  className: "MongoCheckpointStore",
  options: connectTo(collectionPrefix),
});
const seed = Date.now() % 1_000_000;

it("a process that is killed at any time loses no acknowledged commit, and no completed node runs again", async () => {
  const verdict = await runKillTrial({
    kills: 4,
    seed,
    address: addressOf("process_"),
    open: () => MongoCheckpointStore.connect(connectTo("process_")),
  });
  expect(verdict, `seed ${seed}`).toMatchObject({ kills: 4, violations: [] });
});

it("a server that is killed and started again has every acknowledged commit", async () => {
  const verdict = await runKillTrial({
    kills: 2,
    seed,
    address: addressOf("server_"),
    killServer: () => server.restart(),
    open: () => MongoCheckpointStore.connect(connectTo("server_")),
  });
  expect(verdict, `seed ${seed}`).toMatchObject({ kills: 2, violations: [] });
});

it("of several processes that commit the same version, one wins", async () => {
  await using store = await MongoCheckpointStore.connect(connectTo("race_"));
  const verdict = await runRaceTrial({ address: addressOf("race_"), store, processes: 4, versions: 30 });
  expect(verdict.violations).toEqual([]);
});
