// Runs long trials of a store. Prints figures and all violations.
//
//   node tooling/trials/long.ts postgres|redis|mongo [process kills] [server kills] [seed]
import { type KillTrialOptions, type RaceVerdict, runKillTrial, runRaceTrial, type Verdict } from "./index.ts";
import { serverStore } from "./server-stores.ts";

const [storeName = "", ...numbers] = process.argv.slice(2);
const [processKills = 200, serverKills = 20, seed = Date.now() % 1_000_000] = numbers.map(Number);
const { start, addressOf, open } = await serverStore(storeName);
const server = await start();

await kill("process killed", "killed_process", { kills: processKills });
await kill("server killed", "killed_server", { kills: serverKills, killServer: () => server.restart() });
await race();
await server.stop();

async function race(): Promise<void> {
  const store = await open(server, "raced");
  const address = addressOf(server, "raced");
  report("32 processes on one execution", await runRaceTrial({ address, store, processes: 32, versions: 200 }));
  await store.close();
}

async function kill(title: string, name: string, how: Pick<KillTrialOptions, "kills" | "killServer">): Promise<void> {
  const begin = performance.now();
  const address = addressOf(server, name);
  const verdict = await runKillTrial({ ...how, seed, address, open: () => open(server, name) });
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
