import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Returns the licences of the packages that bundled modules belong to, or `undefined` if there are none. */
export function thirdPartyLicenses(modules: readonly string[]): string | undefined {
  const foreign = modules.filter((path) => path.includes("/node_modules/"));
  const folders = [...new Set(foreign.map(packageFolder))].sort();
  if (folders.length === 0) return undefined;
  return ["This package contains code of the following packages.", ...folders.map(notice)].join("\n\n");
}

function notice(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined) throw new Error(`${name} is bundled, but has no licence file`);
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

/** The nearest folder above whose package.json has a name: a package may hold nameless ones that only set a type. */
function packageFolder(path: string): string {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name !== undefined) return folder;
  }
  throw new Error(`${path} belongs to no package`);
}
