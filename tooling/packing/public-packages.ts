import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, readManifest } from "../build/manifest.ts";
import { pnpm, ROOT } from "../pnpm.ts";

export interface PublicPackage {
  folder: string;
  manifest: Manifest;
}

/** Returns the packages of the workspace that are published. */
export function publicPackages(): PublicPackage[] {
  return readdirSync(join(ROOT, "packages"))
    .map((name) => join(ROOT, "packages", name))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
    .filter(({ manifest }) => manifest.private !== true);
}

/** Packs a built package as it would be published, and returns the path of the tarball. */
export function pack({ folder, manifest }: PublicPackage, destination: string): string {
  if (!existsSync(join(folder, "dist"))) throw new Error(`${manifest.name} is not built. Run \`pnpm build\` first.`);
  pnpm(["--silent", "pack", "--pack-destination", destination], { cwd: folder });
  return join(destination, `${manifest.name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`);
}
