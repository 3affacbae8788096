import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ADVICE } from "./advice.ts";
import { type DebianProgram, debianProgram } from "./debian-program.ts";
import { hasApt } from "./private-apt.ts";

const run = promisify(execFile);
const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));

interface Program {
  /** A readable name. */
  name: string;
  /** The environment variable that holds its path. */
  variable: string;
  /** Its possible names on PATH. */
  commands: string[];
  debian: DebianProgram;
  advice: string;
}

const PROGRAMS = {
  redis: {
    name: "Redis",
    variable: "REDIS_BIN",
    commands: ["redis-server", "valkey-server"],
    debian: { packages: ["redis-server", "redis-tools"], path: "usr/bin/redis-server" },
    advice: ADVICE.redis,
  },
  pgbouncer: {
    name: "PgBouncer",
    variable: "PGBOUNCER_BIN",
    commands: ["pgbouncer"],
    debian: { packages: ["pgbouncer"], path: "usr/sbin/pgbouncer" },
    advice: "Install pgbouncer, or set PGBOUNCER_BIN to the program.",
  },
} satisfies Record<string, Program>;

const found = new Map<Program, Promise<string>>();

/**
 * Finds a server program: that of its environment variable, otherwise one on PATH, otherwise the one from Debian's
 * packages, which is unpacked below node_modules.
 */
export function findProgram(which: keyof typeof PROGRAMS): Promise<string> {
  const program: Program = PROGRAMS[which];
  const known = found.get(program) ?? find(program);
  found.set(program, known);
  return known;
}

async function find({ name, variable, commands, debian, advice }: Program): Promise<string> {
  const named = process.env[variable];
  if (named !== undefined && named !== "") return named;
  for (const command of commands) if (await answers(command)) return command;
  if (!hasApt()) throw new Error(`No ${name} for the tests. ${advice}`);
  try {
    return await debianProgram(CACHE, debian);
  } catch (cause) {
    throw new Error(`No ${name} for the tests: Debian's packages could not be fetched. ${advice}`, { cause });
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
