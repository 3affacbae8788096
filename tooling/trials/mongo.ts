// Long trials of the MongoDB store. Prints figures, and everything that should not have been.
//
//   node tooling/trials/mongo.ts [process kills] [server kills] [seed]
import { startOwnMongo } from "../test-servers/index.ts";
import { type KillTrialOptions, type RaceVerdict, runKillTrial, runRaceTrial, type Verdict } from "./index.ts";

const [processKills = 200, serverKills = 20, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const module = new URL("../../packages/store-mongo/src/index.ts", import.meta.url).href;
const { MongoCheckpointStore } = await import(module);
const server = await startOwnMongo();

await run("process killed", "killed_process_", { kills: processKills });
await run("server killed", "killed_server_", { kills: serverKills, killServer: () => server.restart() });
await race();
await server.stop();

async function race() {
  const connect = { url: server.url, collectionPrefix: "raced_" };
  const store = await MongoCheckpointStore.connect(connect);
  const address = { module, className: "MongoCheckpointStore", options: connect };
  report("32 processes on one execution", await runRaceTrial({ address, store, processes: 32, versions: 200 }));
  await store.close();
}

async function run(name: string, collectionPrefix: string, options: Pick<KillTrialOptions, "kills" | "killServer">) {
  const connect = { url: server.url, collectionPrefix };
  const begin = performance.now();
  const verdict = await runKillTrial({
    ...options,
    seed,
    address: { module, className: "MongoCheckpointStore", options: connect },
    open: () => MongoCheckpointStore.connect(connect),
  });
  report(name, { ...verdict, seconds: Math.round((performance.now() - begin) / 1_000) });
}

function report(
  name: string,
  { violations, ...figures }: Pick<RaceVerdict, "violations"> & Partial<RaceVerdict | Verdict> & { seconds?: number },
) {
  console.log(`${name}: ${JSON.stringify({ ...figures, violations: violations.length })}`);
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}
