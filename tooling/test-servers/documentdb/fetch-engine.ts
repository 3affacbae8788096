import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "../fetch-once.ts";
import { isDebian, privateApt } from "../private-apt.ts";

const run = promisify(execFile);
const PACKAGE = "postgresql-18-documentdb";
const SUITE = "testing";
const PROGRAMS = "usr/lib/postgresql/18/bin";
const LOADER = "usr/lib64/ld-linux-x86-64.so.2";
const LIBRARIES = "usr/lib/postgresql/18/lib";
const SYSTEM_LIBRARIES = "usr/lib/x86_64-linux-gnu";
/** The libraries that the server loads. */
const MODULES = [
  ...[
    "pg_cron",
    "pg_documentdb",
    "pg_documentdb_core",
    "pg_documentdb_extended_rum",
    "pg_documentdb_extended_rum_core",
  ],
  ...["postgis-3", "vector", "plpgsql", "tsm_system_rows", "dict_snowball", "libpqwalreceiver"],
];
// Packages needed only by configuration scripts, administration and unused parts of PostGIS (raster: GDAL; SFCGAL).
const NOT_NEEDED = new RegExp(
  `/pool/main/(${[
    ...["p/perl", "g/gdal", "s/sfcgal", "s/systemd", "l/lapack", "h/hdf5", "a/aom", "s/svt-av1", "s/spatialite"],
    ...["p/poppler", "c/coreutils", "b/bash", "u/util-linux", "s/shadow", "d/dpkg", "d/debconf", "p/postgresql-common"],
  ].join("|")})/|/(locales|libc-gconv|adduser|proj-data|libicu-dev|postgresql-client)[^/]*_`,
);
const WANTED = [SYSTEM_LIBRARIES, "usr/lib64", "usr/lib/postgresql", "usr/share/postgresql", "usr/share/zoneinfo"];

/** The programs of a fetched engine. */
export interface EnginePrograms {
  initdb: string;
  postgres: string;
}

/** Returns whether {@link documentDbEngine} has fetched the engine already, or can fetch it on this system. */
export function hasDocumentDbEngine(folder: string): boolean {
  if (existsSync(rootIn(folder))) return true;
  return process.arch === "x64" && isDebian();
}

/**
 * Returns PostgreSQL with the DocumentDB extension from Debian's packages. It is downloaded once (76 MB), into
 * `folder`.
 *
 * - It needs no privileges, and does not change the system. It needs apt-get, dpkg-deb and tar, on amd64.
 * - apt checks the packages against Debian's signatures before any of them is unpacked.
 */
export async function documentDbEngine(folder: string): Promise<EnginePrograms> {
  const root = rootIn(folder);
  await fetchOnce(root, fetchInto);
  return engineIn(root);
}

function rootIn(folder: string): string {
  // Raise the number when other files of the packages are kept.
  return join(folder, "engine-2");
}

function engineIn(root: string): EnginePrograms {
  const bin = join(root, PROGRAMS);
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}

async function fetchInto(folder: string): Promise<string> {
  process.stderr.write("[test server] fetching the DocumentDB engine from Debian (once, 76 MB) ...\n");
  const root = join(folder, "root");
  const apt = await privateApt(join(folder, "apt"), { sources: await sources(), ignoresInstalled: true });
  const packages = (await apt.missingFor([PACKAGE])).filter(({ url }) => !NOT_NEEDED.test(url));
  const files = await apt.download(packages.map(({ name }) => name));
  for (const folderName of WANTED) mkdirSync(join(root, folderName), { recursive: true });
  for (const file of files) {
    await run("sh", [
      "-c",
      `dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --no-same-owner --exclude '*/bitcode/*' --wildcards ${WANTED.map((path) => `'./${path}/*'`).join(" ")} 2>/dev/null || true`,
      "extract",
      file,
      root,
    ]);
  }
  // On Debian, update-alternatives creates this link.
  symlinkSync("postgis-3.control", join(root, "usr/share/postgresql/18/extension/postgis.control"));
  await removeWhatIsNotLoaded(root);
  for (const program of Object.values(engineIn(root))) wrap(program);
  await run("chmod", ["-R", "a+rX", root]);
  return root;
}

/** Returns a sources.list with the machine's mirror and a later suite. */
async function sources(): Promise<string> {
  const { stdout } = await run("apt-get", ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]);
  const mirror = stdout.split("\n").find((line) => /\/debian\/?$/.test(line));
  if (mirror === undefined) throw new Error("apt knows no Debian mirror.");
  return `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror} ${SUITE} main\n`;
}

/** Makes a program start with the downloaded loader and libraries, independently of the machine's libc. */
function wrap(program: string): void {
  renameSync(program, `${program}.elf`);
  const script = `#!/bin/sh
root=\${0%/${PROGRAMS}/*}
exec "$root/${LOADER}" --library-path "$root/${LIBRARIES}:$root/${SYSTEM_LIBRARIES}" --argv0 "$0" "$0.elf" "$@"
`;
  writeFileSync(program, script, { mode: 0o755 });
}

async function removeWhatIsNotLoaded(root: string): Promise<void> {
  const loaded = Object.values(engineIn(root));
  const loader = join(root, LOADER);
  const libraryPath = [LIBRARIES, SYSTEM_LIBRARIES].map((path) => join(root, path)).join(":");
  for (const module of MODULES) loaded.push(join(root, LIBRARIES, `${module}.so`));
  const keep = new Set([await realPath(loader)]);
  for (const file of loaded) {
    if (!existsSync(file)) throw new Error(`Debian's ${PACKAGE} no longer contains ${file.slice(root.length)}.`);
    keep.add(await realPath(file));
    const { stdout } = await run(loader, ["--library-path", libraryPath, "--list", file]);
    if (stdout.includes("not found")) throw new Error(`A library is missing for ${file.slice(root.length)}: ${stdout}`);
    for (const [, path] of stdout.matchAll(/=> (\/\S+)/g)) keep.add(await realPath(String(path)));
  }
  const { stdout } = await run("find", [join(root, "usr/lib"), "-type", "f"], { maxBuffer: 16_000_000 });
  for (const file of stdout.split("\n")) if (file !== "" && !keep.has(file)) rmSync(file);
  await run("find", [join(root, "usr"), "-xtype", "l", "-delete"]);
  await run("find", [join(root, "usr"), "-type", "d", "-empty", "-delete"]);
}

async function realPath(path: string): Promise<string> {
  return (await run("readlink", ["-f", path])).stdout.trim();
}
