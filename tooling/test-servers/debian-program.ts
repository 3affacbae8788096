import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "./fetch-once.ts";
import { privateApt } from "./private-apt.ts";

const run = promisify(execFile);

/** A program in Debian's packages. */
export interface DebianProgram {
  /** The packages that contain it. Their dependencies are added. */
  packages: string[];
  /** Its path in the package, such as "usr/bin/redis-server". */
  path: string;
}

/**
 * Returns a program from the packages of this Debian or Ubuntu. It is downloaded once, into `folder`.
 *
 * - It needs no privileges. Nothing is installed, and no file outside the folder changes.
 */
export async function debianProgram(folder: string, program: DebianProgram): Promise<string> {
  const name = basename(program.path);
  const root = join(folder, `debian-${name}`);
  await fetchOnce(root, (building) => fetchInto(building, program));
  return join(root, name);
}

async function fetchInto(folder: string, { packages, path }: DebianProgram): Promise<string> {
  const name = basename(path);
  process.stderr.write(`[test server] fetching ${name} from Debian's packages (once; nothing is installed)\n`);
  const root = join(folder, "root");
  mkdirSync(root);
  const apt = await privateApt(join(folder, "apt"));
  const missing = (await apt.missingFor(packages)).map((each) => each.name);
  for (const file of await apt.download([...new Set([...packages, ...missing])])) {
    await run("dpkg-deb", ["--extract", file, root]);
  }
  if (!existsSync(join(root, path)))
    throw new Error(`Debian's packages ${packages.join(", ")} do not contain /${path}.`);
  wrap(root, path);
  chmodSync(root, 0o755);
  return root;
}

/** Writes a script that starts the program with the libraries that were downloaded with it. */
function wrap(root: string, path: string): void {
  const folders = libraryFolders(root).map((folder) => `$root/${folder}`);
  const script = `#!/bin/sh
root=\${0%/*}
LD_LIBRARY_PATH="${folders.join(":")}" exec "$root/${path}" "$@"
`;
  writeFileSync(join(root, basename(path)), script, { mode: 0o755 });
}

/**
 * Returns the folders of libraries, relative to a root.
 *
 * - Some packages keep libraries of their own in a folder of theirs, which their programs name by its path in the system.
 */
function libraryFolders(root: string): string[] {
  const inside = (folder: string) =>
    existsSync(join(root, folder)) ? readdirSync(join(root, folder), { withFileTypes: true }) : [];
  const shared = ["lib", "usr/lib"].flatMap((parent) =>
    inside(parent)
      .filter(({ name }) => name.includes("-linux-gnu"))
      .map(({ name }) => `${parent}/${name}`),
  );
  const own = shared.flatMap((parent) =>
    inside(parent)
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`)
      .filter((folder) => inside(folder).some(({ name }) => /^lib.+\.so/.test(name))),
  );
  return [...shared, ...own];
}
