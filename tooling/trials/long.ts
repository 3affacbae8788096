// Runs long trials of a store. Prints figures and all violations.
//
//   node tooling/trials/long.ts postgres|redis|mongo [process kills] [server kills] [seed]
import { startOwnMongo, startOwnPostgres, startOwnRedis } from "../test-servers/index.ts";
import { type KillTrialOptions, type RaceVerdict, runKillTrial, runRaceTrial, type Verdict } from "./index.ts";

const STORES = {
  postgres: {
    className: "PostgresCheckpointStore",
    start: startOwnPostgres,
    /** The options that separate the data of one trial from that of another. */
    apart: (name: string) => ({ schema: name, poolSize: 4 }),
  },
  redis: {
    className: "RedisCheckpointStore",
    start: startOwnRedis,
    apart: (name: string) => ({ keyPrefix: `${name}:` }),
  },
  mongo: {
    className: "MongoCheckpointStore",
    start: startOwnMongo,
    apart: (name: string) => ({ collectionPrefix: `${name}_` }),
  },
};

const [storeName = "", ...numbers] = process.argv.slice(2);
if (!Object.hasOwn(STORES, storeName))
  throw new Error(`The first argument must be a store: ${Object.keys(STORES).join(", ")}.`);
const { className, start, apart } = STORES[storeName as keyof typeof STORES];
const [processKills = 200, serverKills = 20, seed = Date.now() % 1_000_000] = numbers.map(Number);
const module = new URL(`../../packages/store-${storeName}/src/index.ts`, import.meta.url).href;
const { [className]: Store } = await import(module);
const server = await start();

await kill("process killed", "killed_process", { kills: processKills });
await kill("server killed", "killed_server", { kills: serverKills, killServer: () => server.restart() });
await race();
await server.stop();

async function race(): Promise<void> {
  const options = { url: server.url, ...apart("raced") };
  const store = await Store.connect(options);
  const address = { module, className, options };
  report("32 processes on one execution", await runRaceTrial({ address, store, processes: 32, versions: 200 }));
  await store.close();
}

async function kill(title: string, name: string, how: Pick<KillTrialOptions, "kills" | "killServer">): Promise<void> {
  const options = { url: server.url, ...apart(name) };
  const begin = performance.now();
  const address = { module, className, options };
  const verdict = await runKillTrial({ ...how, seed, address, open: () => Store.connect(options) });
  report(title, { ...verdict, seconds: Math.round((performance.now() - begin) / 1_000) });
}

function report(
  title: string,
  { violations, ...figures }: Pick<RaceVerdict, "violations"> & Partial<RaceVerdict | Verdict> & { seconds?: number },
): void {
  console.log(`${title}: ${JSON.stringify({ ...figures, violations: violations.length })}`);
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
}
