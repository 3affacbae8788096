// Packs every public package and checks the tarballs: the manifest, publint, are-the-types-wrong, and the required
// files.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { readManifest } from "./build/manifest.ts";
import { manifestProblems } from "./packing/manifest-problems.ts";
import { type PublicPackage, pack, publicPackages } from "./packing/public-packages.ts";
import { ROOT, run } from "./pnpm.ts";

const REQUIRED_FILES = ["LICENSE", "README.md", "package.json"];
const ATTW = join(import.meta.dirname, "node_modules/.bin/attw");

const destination = mkdtempSync(join(tmpdir(), "waymark-packed-"));
try {
  for (const candidate of publicPackages()) {
    const tarball = pack(candidate, destination);
    const problems = [
      ...problemsWithManifest(candidate),
      ...missingFiles(tarball),
      ...(await publintProblems(tarball)),
      ...attwProblems(tarball),
    ];
    if (problems.length > 0) process.exitCode = 1;
    console.log(
      [
        `${candidate.manifest.name}: ${problems.length === 0 ? "ready to publish" : "not ready to publish"}`,
        ...problems,
      ].join("\n  "),
    );
  }
} finally {
  rmSync(destination, { recursive: true });
}

function problemsWithManifest({ folder, manifest }: PublicPackage): string[] {
  return manifestProblems(manifest, readManifest(ROOT), relative(ROOT, folder).split(sep).join("/"));
}

function missingFiles(tarball: string): string[] {
  const names = run("tar", ["-tzf", tarball]).split("\n");
  return REQUIRED_FILES.filter((name) => !names.includes(`package/${name}`)).map((name) => `${name} is missing`);
}

async function publintProblems(tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer },
    strict: true,
  });
  return messages.map(
    (message) => `publint ${message.type}: ${formatMessage(message, pkg, { color: false }) ?? message.code}`,
  );
}

function attwProblems(tarball: string): string[] {
  try {
    run(ATTW, [tarball, "--ignore-rules", "cjs-resolves-to-esm", "--no-emoji", "--no-color"]);
    return [];
  } catch (error) {
    return [String((error as Error).message)];
  }
}
