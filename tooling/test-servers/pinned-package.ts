import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** An npm package, with the hash of its tarball. */
export interface PinnedPackage {
  name: string;
  version: string;
  /** The hash of its tarball, as in lockfiles: "sha512-…". */
  integrity: string;
}

/** Installs a package without dependencies into an empty folder. npm refuses it if its content has another hash. */
export async function installPinned(folder: string, { name, version, integrity }: PinnedPackage): Promise<void> {
  const dependencies = { [name]: version };
  const packages = { "": { dependencies }, [`node_modules/${name}`]: { version, integrity, hasInstallScript: true } };
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }));
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ lockfileVersion: 3, requires: true, packages }));
  const args = ["ci", "--prefix", folder, "--ignore-scripts=false", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", args, { shell: process.platform === "win32" });
}
