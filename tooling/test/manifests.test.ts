import { globSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { expect, test } from "vitest";
import { readManifest } from "../build/manifest.ts";
import { manifestProblems } from "../packing/manifest-problems.ts";
import { publicPackages } from "../packing/public-packages.ts";
import { ROOT } from "../pnpm.ts";

const root = readManifest(ROOT);
const packages = globSync(["{packages,apps,examples}/*/package.json", "{docs,tooling,benchmarks}/package.json"], {
  cwd: ROOT,
}).map((file) => ({
  manifest: readManifest(dirname(join(ROOT, file))),
  directory: dirname(file).split(sep).join("/"),
}));

test("the root manifest names the repository of all packages", () => {
  expect(root.repository).toEqual({ type: "git", url: expect.stringMatching(/^git\+https:\/\/.+\.git$/) });
});

test.each(packages)("the manifest of $directory is complete", ({ manifest, directory }) => {
  expect(manifestProblems(manifest, root, directory)).toEqual([]);
});

const [{ manifest: complete, directory }] = packages as [(typeof packages)[number]];

test.each(["author", "bugs", "description", "homepage", "keywords", "license", "repository"] as const)(
  "a manifest without %s is refused",
  (field) => {
    const { [field]: _, ...incomplete } = complete;
    expect(manifestProblems(incomplete, root, directory)).toEqual([expect.stringContaining(field)]);
  },
);

test("a manifest with the directory of another package is refused", () => {
  const copied = { ...complete, repository: { ...root.repository, directory: "packages/other" } } as typeof complete;
  expect(manifestProblems(copied, root, directory)).toEqual([expect.stringContaining("packages/other")]);
});

test("a package whose README has a notice is not published as latest, and any other is", () => {
  for (const { folder, manifest } of publicPackages()) {
    const hasNotice = readFileSync(join(folder, "README.md"), "utf8").includes("**Not yet run on mongod.**");
    expect([manifest.name, manifest.publishConfig?.tag]).toEqual([manifest.name, hasNotice ? "next" : undefined]);
  }
});
