import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchOnce } from "./fetch-once.ts";
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
  await fetchOnce(root, fetchInto);
  return join(root, "redis-server");
}

async function fetchInto(folder: string): Promise<string> {
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
  return root;
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
