import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The fields of a package's package.json that the tooling reads. */
export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  description?: string;
  keywords?: string[];
  homepage?: string;
  bugs?: string;
  license?: string;
  author?: string;
  repository?: { type: string; url: string; directory?: string };
  exports?: Record<string, string>;
  publishConfig?: { tag?: string; exports?: Record<string, string>; bin?: Record<string, string> };
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Returns the entries of a package: output name without extension ("v1/index") to source file ("src/v1/index.ts"). */
export function entriesOf(manifest: Manifest): Record<string, string> {
  const { exports = {}, bin = {} } = manifest.publishConfig ?? {};
  const outputs = [...Object.values(exports), ...Object.values(bin)].filter((path) => path.endsWith(".js"));
  if (outputs.length === 0) throw new Error(`${manifest.name} has no .js file in publishConfig.exports`);
  return Object.fromEntries(
    outputs.map((path) => {
      const name = /^\.\/dist\/(.+)\.js$/.exec(path)?.[1];
      if (name === undefined) throw new Error(`${manifest.name}: ${path} does not lie in ./dist`);
      return [name, `src/${name}.ts`];
    }),
  );
}

/**
 * Returns the modules that users can import, without commands: `@waymark/core/v1` to its name in `dist`, "v1/index".
 */
export function publicModulesOf({ name, publishConfig }: Manifest): Record<string, string> {
  const modules = Object.entries(publishConfig?.exports ?? {}).filter(([, path]) => path.endsWith(".js"));
  return Object.fromEntries(
    modules.map(([key, path]) => [`${name}${key.slice(1)}`, path.replace(/^\.\/dist\/|\.js$/g, "")]),
  );
}

/** Returns the packages that are installed with this one, and are therefore not bundled into it. */
export function installedWith(manifest: Manifest): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
}
