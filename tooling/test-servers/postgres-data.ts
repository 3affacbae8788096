// The data folders of PostgreSQL servers: each is a copy of one that was prepared before.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { copyFolder, folderInMemory, PREPARED } from "./data-folders.ts";
import { fetchOnce } from "./fetch-once.ts";
import { giveAway, unprivilegedUser } from "./unprivileged-user.ts";

/** The password of the superuser `postgres`. */
export const PASSWORD = "test-password";
/** The name of the data folder in the server's folder. */
export const DATA = "data";

const INITDB = ["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"];

/** The programs that create and open a data folder. */
export interface DataPrograms {
  initdb: string;
  postgres: string;
}

/** Creates a folder for one server. Default of its parent: {@link folderInMemory}. */
export function newFolder(parent = folderInMemory()): string {
  const folder = mkdtempSync(join(parent, "waymark-postgres-"));
  giveAway(folder, unprivilegedUser());
  return folder;
}

/** Creates an empty cluster in a server's folder, together with the given files. */
export async function initialise(
  programs: DataPrograms,
  folder: string,
  files: Record<string, string> = {},
): Promise<void> {
  await copyPrepared({ programs, folder, recipe: INITDB, prepare: (to) => runInitdb(programs.initdb, to) });
  writeDataFiles(folder, files);
}

/** Adds files to the data folder, or replaces them. */
export function writeDataFiles(folder: string, files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, DATA, name);
    writeFileSync(path, content, { mode: 0o600 });
    giveAway(path, unprivilegedUser());
  }
}

/**
 * Copies a data folder that `prepare` makes once, into a server's folder.
 *
 * - The prepared folder is kept below `node_modules/.cache`, one for each version of the programs and each recipe. It
 *   appears there complete, or not at all.
 * - `recipe` is everything else that decides what `prepare` makes.
 */
export async function copyPrepared(wanted: {
  programs: DataPrograms;
  folder: string;
  recipe: unknown;
  prepare: (folder: string) => Promise<void>;
}): Promise<void> {
  const prepared = join(PREPARED, keyOf(wanted.programs, wanted.recipe));
  await fetchOnce(prepared, async (building) => {
    // PostgreSQL's user may be unable to write below node_modules.
    const folder = newFolder();
    try {
      await wanted.prepare(folder);
      copyData(folder, building);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return building;
  });
  copyData(prepared, wanted.folder);
}

/** Runs a statement on a server's folder while no server uses it, with settings as in `postgres -c`. */
export async function runAlone(
  { postgres }: DataPrograms,
  folder: string,
  { settings, sql }: { settings: Record<string, string>; sql: string },
): Promise<void> {
  // Without the second setting, it would continue after an error. Without the third, it would leave an empty log file.
  const all = { ...settings, fsync: "off", exit_on_error: "on", wal_recycle: "off" };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const args = ["--single", "-D", join(folder, DATA), ...flags, "postgres"];
  const running = promisify(execFile)(postgres, args, { ...unprivilegedUser(), cwd: folder });
  running.child.stdin?.end(`${sql}\n`);
  await running;
}

/** Copies the data folder of one server's folder to another's, for PostgreSQL's user. */
export function copyData(from: string, to: string): void {
  copyFolder(join(from, DATA), join(to, DATA), unprivilegedUser());
}

/** Returns a name for what a recipe makes with the current programs, in the current time zone, which initdb stores. */
function keyOf({ initdb, postgres }: DataPrograms, recipe: unknown): string {
  const versions = [initdb, postgres].map((path) => {
    const { size, mtimeMs } = statSync(path);
    return [path, size, mtimeMs];
  });
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return createHash("sha256")
    .update(JSON.stringify([versions, timeZone, recipe]))
    .digest("hex")
    .slice(0, 16);
}

async function runInitdb(initdb: string, folder: string): Promise<void> {
  const user = unprivilegedUser();
  const data = join(folder, DATA);
  mkdirSync(data, { mode: 0o700 });
  giveAway(data, user);
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, PASSWORD);
  await promisify(execFile)(initdb, ["-D", data, `--pwfile=${passwordFile}`, ...INITDB], { ...user, cwd: folder });
}
