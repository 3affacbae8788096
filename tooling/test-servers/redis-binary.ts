import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ADVICE } from "./advice.ts";
import { debianRedis } from "./debian-redis.ts";
import { hasApt } from "./private-apt.ts";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));

let found: Promise<string> | undefined;

/**
 * Finds the server program: that of `REDIS_BIN`, else redis-server or valkey-server on PATH, else the one of Debian's
 * packages, which is unpacked below node_modules.
 */
export function findRedisBinary(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const named = process.env.REDIS_BIN;
  if (named !== undefined && named !== "") return named;
  for (const command of ["redis-server", "valkey-server"]) if (await answers(command)) return command;
  if (!hasApt()) throw new Error(`No Redis for the tests. ${ADVICE.redis}`);
  try {
    return await debianRedis(CACHE);
  } catch (cause) {
    throw new Error(`No Redis for the tests: Debian's packages could not be fetched. ${ADVICE.redis}`, { cause });
  }
}

async function answers(command: string): Promise<boolean> {
  try {
    await run(command, ["--version"]);
    return true;
  } catch {
    return false;
  }
}
