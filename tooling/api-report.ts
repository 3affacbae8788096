// Writes api-report.md of every public package: the declarations of all its exports, without comments.
//
//   node tooling/api-report.ts           writes the reports
//   node tooling/api-report.ts --check   fails if a report is out of date, or differs from the last release's while
//                                        no changeset names the package

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { publicApi } from "./api/public-api.ts";
import { declarationsOf } from "./build/declarations.ts";
import { publicModulesOf } from "./build/manifest.ts";
import { type PublicPackage, publicPackages } from "./packing/public-packages.ts";
import { ROOT } from "./pnpm.ts";

const check = process.argv.includes("--check");
const pending = pendingPackages();
for (const candidate of publicPackages()) {
  const path = join(candidate.folder, "api-report.md");
  const report = reportOf(candidate);
  const problem = check ? problemWith(candidate, path, report) : undefined;
  if (!check) writeFileSync(path, report);
  if (problem !== undefined) process.exitCode = 1;
  console.log(
    `${candidate.manifest.name}: ${problem ?? (check ? "API as reported" : `wrote ${relative(ROOT, path)}`)}`,
  );
}

function reportOf({ folder, manifest }: PublicPackage): string {
  const files = declarationsOf(folder, manifest, { comments: false });
  const modules = Object.entries(publicModulesOf(manifest)).map(([name, path]) => ({ name, path: `${path}.d.ts` }));
  const { modules: apis, unexported } = publicApi(files, modules);
  const sections = apis.map(({ name, declarations }) => section(name, declarations));
  if (unexported.length > 0) sections.push(section("Not exported, but part of the types above", unexported));
  return [
    `# Public API of ${manifest.name}\n`,
    "Made by `pnpm api-report`. A change here needs a changeset.\n",
    ...sections,
  ].join("\n");
}

function section(title: string, declarations: readonly string[]): string {
  return `## ${title}\n\n\`\`\`ts\n${declarations.join("\n\n")}\n\`\`\`\n`;
}

function problemWith({ folder, manifest }: PublicPackage, path: string, report: string): string | undefined {
  if (!existsSync(path) || readFileSync(path, "utf8") !== report) {
    return "the public API differs from api-report.md: run `pnpm api-report` and review the difference";
  }
  const released = releasedReport({ folder, manifest });
  if (report === released || pending.has(manifest.name)) return undefined;
  return "the public API differs from the last release: run `pnpm changeset`";
}

/** Returns the report at the last release, or `undefined` before the first release. */
function releasedReport({ folder, manifest }: PublicPackage): string | undefined {
  if (manifest.version === "0.0.0") return undefined;
  const place = `${manifest.name}@${manifest.version}:${relative(ROOT, folder)}/api-report.md`;
  const { status, stdout } = spawnSync("git", ["show", place], { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`git has no ${place}: fetch the tags of the releases`);
  return stdout;
}

function pendingPackages(): Set<string> {
  const folder = join(ROOT, ".changeset");
  const files = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  const heads = files.map((name) => readFileSync(join(folder, name), "utf8").split(/^---$/m)[1] ?? "");
  return new Set(heads.flatMap((head) => [...head.matchAll(/^"(.+)":/gm)].map((match) => match[1] ?? "")));
}
