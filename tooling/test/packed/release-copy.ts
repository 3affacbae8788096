import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT, run } from "../../pnpm.ts";

/** A copy of the built workspace, in which a release can be prepared without a trace in the workspace. */
export interface ReleaseCopy {
  folder: string;
  /** Takes the changesets into versions and changelogs, as `pnpm version-packages` does. */
  version(): void;
  /** Packs all public packages, and returns the folder of the tarballs. */
  pack(): string;
  remove(): void;
}

const GIT = ["-c", "user.name=Release rehearsal", "-c", "user.email=rehearsal@example.com"];

export function createReleaseCopy(): ReleaseCopy {
  const folder = mkdtempSync(join(tmpdir(), "waymark-release-"));
  const files = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).split("\0");
  for (const file of files.filter((name) => name !== "" && existsSync(join(ROOT, name)))) {
    cpSync(join(ROOT, file), join(folder, file), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const name of readdirSync(join(folder, "packages"))) {
    for (const part of ["dist", "node_modules"]) copyIfThere(`packages/${name}/${part}`, folder);
  }
  // Changesets asks git for the commit of each changeset.
  for (const args of [
    ["init", "-q"],
    ["add", "-A"],
    [...GIT, "commit", "-q", "-m", "Prepare a release"],
  ]) {
    run("git", args, { cwd: folder });
  }
  const changesets = join(dirname(requireManifest("@changesets/cli")), "bin.js");
  return {
    folder,
    version: () => void run(process.execPath, [changesets, "version"], { cwd: folder }),
    pack: () => {
      run(process.execPath, ["tooling/pack-release.ts"], { cwd: folder });
      return join(folder, ".release");
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Returns the shell script with which the Release workflow publishes, without the option that needs GitHub. */
export function publishScript(): string {
  const workflow = readFileSync(join(ROOT, ".github/workflows/release.yml"), "utf8");
  const [, block] = /\n {8}run: \|\n((?: {10}.*\n)*? {10}.*npm publish(?:.*\n)*? {10}done\n)/.exec(workflow) ?? [];
  if (block === undefined) throw new Error("The Release workflow has no step that publishes.");
  const script = block.replace(/^ {10}/gm, "");
  if (!script.includes(" --provenance ")) throw new Error("The Release workflow publishes without provenance.");
  return script.replace(" --provenance ", " ");
}

function copyIfThere(path: string, target: string): void {
  const source = join(ROOT, path);
  if (existsSync(source)) cpSync(source, join(target, path), { recursive: true, verbatimSymlinks: true });
}

function requireManifest(name: string): string {
  return join(ROOT, "node_modules", name, "package.json");
}
