// Runs the tests of the Redis store against servers of several versions, and prints a table. The store must refuse a
// server that is too old.
//
//   node tooling/trials/redis-versions.ts <path of redis-server or valkey-server> ...
import { isWorkflowError } from "@waymark/core";
import { RedisCheckpointStore } from "../../packages/store-redis/src/index.ts";
import { startOwnRedis } from "../test-servers/index.ts";
import { runTestFiles } from "./test-run.ts";

const binaries = process.argv.slice(2);
if (binaries.length === 0) throw new Error("Give the paths of one or more server programs.");
const table: Record<string, object> = {};
for (const binary of binaries) {
  const { name, refused } = await tryOut(binary);
  if (refused !== undefined) {
    table[name] = { refused };
    continue;
  }
  // The tests would use the server of that variable instead of the one that is started here.
  const run = await runTestFiles(["packages/store-redis/test"], { REDIS_BIN: binary, REDIS_URL: "" });
  table[name] = { passed: run.passed, failed: run.failures.length, skipped: run.skipped, seconds: run.seconds };
  for (const failure of run.failures) console.log(`${name}: ${failure}`);
  if (run.failures.length > 0 || run.passed === 0) process.exitCode = 1;
}
console.table(table);

/** Returns the name of the server and, if it is too old, the reason why the store refuses it. */
async function tryOut(binary: string): Promise<{ name: string; refused?: string }> {
  const server = await startOwnRedis({ binary });
  try {
    const store = await RedisCheckpointStore.connect({ url: server.url });
    await store.close();
    return { name: server.name };
  } catch (error) {
    if (!isWorkflowError(error) || error.details?.reason !== "server_too_old") throw error;
    return { name: server.name, refused: error.message };
  } finally {
    await server.stop();
  }
}
