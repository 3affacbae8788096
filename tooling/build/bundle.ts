import { chmodSync } from "node:fs";
import { join } from "node:path";
import { type OutputOptions, rolldown } from "rolldown";
import { minifySync } from "rolldown/utils";
import { entriesOf, installedWith, type Manifest } from "./manifest.ts";

/** The name of the file with fast-check and what it imports. */
const TESTING_LIBRARY = "fast-check";

export interface BundleOptions {
  folder: string;
  manifest: Manifest;
  /** The absolute path of the output folder. If absent, nothing is written. */
  outputFolder?: string;
  minify?: boolean;
}

/** One file of a bundle. */
export interface BundledFile {
  fileName: string;
  isEntry: boolean;
  code: string;
  /** The files that are loaded with it, without those that it loads later by `import()`. */
  imports: string[];
  /** The absolute paths of the modules in it. */
  modules: string[];
}

/**
 * Bundles a package's entries as ESM for the oldest supported Node.
 *
 * - Dependencies and peer dependencies stay imports; devDependencies (zod) are bundled and tree-shaken.
 * - Code that several entries use is in a shared file, so that a class is the same class in all subpaths.
 * - There are no source maps: the code is not minified and keeps its comments, and the sources are not published. Only
 *   the property tests' library is minified, in a file of its own that the conformance suite alone loads.
 */
export async function bundle({
  folder,
  manifest,
  outputFolder,
  minify = false,
}: BundleOptions): Promise<BundledFile[]> {
  const external = installedWith(manifest);
  const build = await rolldown({
    cwd: folder,
    input: entriesOf(manifest),
    platform: "node",
    external: (id) => id.startsWith("node:") || external.some((name) => id === name || id.startsWith(`${name}/`)),
    transform: { target: "node20.19" },
    plugins: [
      {
        name: "minify the property tests' library",
        renderChunk: (code, { name }) => (name === TESTING_LIBRARY ? minifySync(name, code).code : undefined),
      },
    ],
    onLog: (level, log, handle) => handle(level === "warn" ? "error" : level, log),
  });
  const options: OutputOptions = {
    format: "esm",
    entryFileNames: "[name].js",
    chunkFileNames: "shared/[name]-[hash].js",
    codeSplitting: { groups: [{ name: TESTING_LIBRARY, test: /\/node_modules\/(fast-check|pure-rand)\// }] },
    minify,
    comments: !minify,
  };
  try {
    const { output } =
      outputFolder === undefined ? await build.generate(options) : await build.write({ ...options, dir: outputFolder });
    const files = output.filter((file) => file.type === "chunk");
    for (const command of outputFolder === undefined ? [] : Object.values(manifest.publishConfig?.bin ?? {})) {
      chmodSync(join(folder, command), 0o755);
    }
    return files.map(({ fileName, isEntry, code, imports, moduleIds }) => ({
      fileName,
      isEntry,
      code,
      imports,
      modules: moduleIds,
    }));
  } finally {
    await build.close();
  }
}
