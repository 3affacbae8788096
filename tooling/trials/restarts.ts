// Kills a store's server while 10 executions are in flight, and restarts it some seconds later. Prints figures and all
// violations.
//
//   node tooling/trials/restarts.ts [postgres|redis|mongo] [seconds for which the server is down]...
import { setTimeout as sleep } from "node:timers/promises";
import { runRestartTrial } from "./restart-trial.ts";
import { serverStore } from "./server-stores.ts";

const [name = "postgres", ...given] = process.argv.slice(2);
const { start, open } = await serverStore(name);

for (const seconds of given.length === 0 ? [1, 3, 10] : given.map(Number)) {
  const server = await start();
  const store = await open(server, "restarted");
  const { violations, ...figures } = await runRestartTrial({
    store,
    server,
    executions: 10,
    untilBack: () => sleep(seconds * 1_000),
  });
  console.log(
    `${server.name}, down for ${seconds} s: ${JSON.stringify({ ...figures, violations: violations.length })}`,
  );
  for (const violation of violations) console.log(`  ${violation}`);
  if (violations.length > 0) process.exitCode = 1;
  await store.close();
  await server.stop();
}
