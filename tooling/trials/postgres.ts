// Long trials of the PostgreSQL store. Prints figures, and everything that should not have been.
//
//   node tooling/trials/postgres.ts [process kills] [server kills] [seed]
import { startOwnPostgres } from "../test-servers/index.ts";
import { type KillTrialOptions, type RaceVerdict, runKillTrial, runRaceTrial, type Verdict } from "./index.ts";

const [processKills = 200, serverKills = 20, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number);
const module = new URL("../../packages/store-postgres/src/index.ts", import.meta.url).href;
const { PostgresCheckpointStore } = await import(module);
const server = await startOwnPostgres();

await run("process killed", "killed_process", { kills: processKills });
await run("server killed", "killed_server", { kills: serverKills, killServer: () => server.restart() });
await race();
await server.stop();

async function race() {
  const connect = { url: server.url, schema: "raced", poolSize: 2 };
  const store = await PostgresCheckpointStore.connect(connect);
  const address = { module, className: "PostgresCheckpointStore", options: connect };
  report("32 processes on one execution", await runRaceTrial({ address, store, processes: 32, versions: 200 }));
  await store.close();
}

async function run(name: string, schema: string, options: Pick<KillTrialOptions, "kills" | "killServer">) {
  const connect = { url: server.url, schema, poolSize: 4 };
  const begin = performance.now();
  const verdict = await runKillTrial({
    ...options,
    seed,
    address: { module, className: "PostgresCheckpointStore", options: connect },
    open: () => PostgresCheckpointStore.connect(connect),
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
