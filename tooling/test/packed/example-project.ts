import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pack, publicPackages } from "../../packing/public-packages.ts";
import { ROOT, run } from "../../pnpm.ts";

const IGNORED = new Set(["node_modules", "dist", ".next"]);

/** An example of the workspace, as a project outside of it with the packed packages. */
export interface ExampleProject {
  folder: string;
  /** Compiles or type-checks it by its own tsconfig.json. */
  tsc(): void;
  remove(): void;
}

/** Copies an example, and installs what it names: Waymark's packages from tarballs, all else in the pinned version. */
export function createExampleProject(name: string): ExampleProject {
  const folder = mkdtempSync(join(tmpdir(), `waymark-${name}-`));
  cpSync(join(ROOT, "examples", name), folder, { recursive: true, filter: (path) => !IGNORED.has(basename(path)) });
  const versions = catalog();
  const packages = new Map(publicPackages().map((candidate) => [candidate.manifest.name, candidate]));
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  for (const list of [manifest.dependencies, manifest.devDependencies ?? {}]) {
    for (const dependency of Object.keys(list)) {
      const own = packages.get(dependency);
      list[dependency] = own === undefined ? versions.get(dependency) : `file:${pack(own, folder)}`;
    }
  }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest, undefined, 2));
  run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund"], { cwd: folder });
  const tsc = join(folder, "node_modules/typescript/bin/tsc");
  return {
    folder,
    tsc: () => void run(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { cwd: folder }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The versions that pnpm-workspace.yaml pins. */
function catalog(): Map<string, string> {
  const [, lines = ""] =
    /^catalog:\n((?: {2}.*\n)+)/m.exec(readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8")) ?? [];
  return new Map(
    [...lines.matchAll(/^ {2}"?([^#\s"]+)"?: (\S+)$/gm)].map(([, name = "", version = ""]) => [name, version]),
  );
}
