// Packs every public package and checks the tarballs: publint, are-the-types-wrong, and the files that must be inside.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { pack, publicPackages } from "./packing/public-packages.ts";
import { run } from "./pnpm.ts";

const REQUIRED_FILES = ["LICENSE", "README.md", "package.json"];
const ATTW = join(import.meta.dirname, "node_modules/.bin/attw");

const destination = mkdtempSync(join(tmpdir(), "waymark-packed-"));
try {
  for (const candidate of publicPackages()) {
    const tarball = pack(candidate, destination);
    const problems = [...missingFiles(tarball), ...(await publintProblems(tarball)), ...attwProblems(tarball)];
    if (problems.length > 0) process.exitCode = 1;
    console.log(
      [
        `${candidate.manifest.name}: ${problems.length === 0 ? "fit to publish" : "not fit to publish"}`,
        ...problems,
      ].join("\n  "),
    );
  }
} finally {
  rmSync(destination, { recursive: true });
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
    run(ATTW, [tarball, "--profile", "esm-only", "--no-emoji", "--no-color"]);
    return [];
  } catch (error) {
    return [String((error as Error).message)];
  }
}
