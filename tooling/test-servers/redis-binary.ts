import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const ADVICE = "Set REDIS_URL, or put redis-server (6.2 or newer) or valkey-server on PATH.";

let found: Promise<string> | undefined;

/**
 * The server program: that of `REDIS_BIN`, else redis-server or valkey-server on PATH, else what Debian's package
 * manager installs where this process may do that.
 */
export function findRedisBinary(): Promise<string> {
  found ??= find();
  return found;
}

async function find(): Promise<string> {
  const named = process.env.REDIS_BIN;
  if (named !== undefined && named !== "") return named;
  for (const command of ["redis-server", "valkey-server"]) if (await answers(command)) return command;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) {
    throw new Error(`No Redis for the tests. ${ADVICE} On Debian, root gets it by apt-get.`);
  }
  process.stderr.write("[test server] installing redis-server by apt-get\n");
  try {
    // The policy keeps the package from starting a server of its own.
    const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    const options = ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", "redis-server"];
    await run("apt-get", ["update", "-q"], { env: environment }).catch(() => {});
    await run("apt-get", options, { env: environment });
  } catch (cause) {
    throw new Error(`No Redis for the tests: apt-get could not install redis-server. ${ADVICE}`, { cause });
  }
  return "redis-server";
}

async function answers(command: string): Promise<boolean> {
  try {
    await run(command, ["--version"]);
    return true;
  } catch {
    return false;
  }
}
