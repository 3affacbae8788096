import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { onceAcrossProcesses } from "./once-across-processes.ts";
import { privateApt } from "./private-apt.ts";

const run = promisify(execFile);
const PACKAGES = ["redis-server", "redis-tools"];
const PROGRAM = "usr/bin/redis-server";

/**
 * Returns redis-server from the packages of this Debian or Ubuntu: fetched once into `folder`, about 2 MB.
 *
 * - Any user may do it. Nothing is installed, and no file outside the folder changes.
 */
export async function debianRedis(folder: string): Promise<string> {
  const root = join(folder, "redis-1");
  await onceAcrossProcesses(root, async () => {
    const building = mkdtempSync(join(dirname(root), "fetch-"));
    try {
      await fetchInto(building);
      renameSync(join(building, "root"), root);
    } finally {
      rmSync(building, { recursive: true, force: true });
    }
  });
  return join(root, "redis-server");
}

async function fetchInto(folder: string): Promise<void> {
  process.stderr.write("[test server] fetching redis-server from Debian's packages (once; nothing is installed)\n");
  const root = join(folder, "root");
  mkdirSync(root);
  const apt = await privateApt(join(folder, "apt"));
  const missing = (await apt.missingFor(PACKAGES)).map(({ name }) => name);
  for (const file of await apt.download([...new Set([...PACKAGES, ...missing])])) {
    await run("dpkg-deb", ["--extract", file, root]);
  }
  if (!existsSync(join(root, PROGRAM))) throw new Error(`Debian's package redis-server brings no /${PROGRAM}.`);
  wrap(root);
  chmodSync(root, 0o755);
}

/** Writes a script that starts the server with the libraries that were fetched beside it. */
function wrap(root: string): void {
  const folders = ["lib", "usr/lib"].flatMap((parent) =>
    existsSync(join(root, parent))
      ? readdirSync(join(root, parent))
          .filter((name) => name.includes("-linux-gnu"))
          .map((name) => `$root/${parent}/${name}`)
      : [],
  );
  const script = `#!/bin/sh
root=\${0%/*}
LD_LIBRARY_PATH="${folders.join(":")}" exec "$root/${PROGRAM}" "$@"
`;
  writeFileSync(join(root, "redis-server"), script, { mode: 0o755 });
}
