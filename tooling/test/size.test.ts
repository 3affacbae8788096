import { join } from "node:path";
import { expect, test } from "vitest";
import { type BundledFile, bundle } from "../build/bundle.ts";
import { readManifest } from "../build/manifest.ts";
import { ROOT } from "../pnpm.ts";

const MAIN_BYTES = 60_000;
const RUNNING_BYTES = 130_000;

const folder = join(ROOT, "packages/core");
const manifest = { ...readManifest(folder), publishConfig: { exports: { ".": "./dist/index.js" } } };
const files = new Map((await bundle({ folder, manifest, minify: true })).map((file) => [file.fileName, file]));
const runtime = [...files.values()].find(({ modules }) => modules.some((path) => path.endsWith("engine/runtime.ts")));

/** The bytes of a file and of all that is loaded with it, without what is loaded already. */
function bytesOf(file: BundledFile | undefined, loaded: Set<string>): number {
  if (file === undefined || loaded.has(file.fileName)) return 0;
  loaded.add(file.fileName);
  const imported = file.imports.map((fileName) => bytesOf(files.get(fileName), loaded));
  return imported.reduce((sum, bytes) => sum + bytes, Buffer.byteLength(file.code));
}

test(`import "@waymark/core" loads at most ${MAIN_BYTES} bytes, minified, and a run at most ${RUNNING_BYTES} more`, () => {
  const loaded = new Set<string>();
  const main = bytesOf(files.get("index.js"), loaded);
  expect(main).toBeGreaterThan(10_000);
  expect(main).toBeLessThanOrEqual(MAIN_BYTES);
  const running = bytesOf(runtime, loaded);
  expect(running).toBeGreaterThan(10_000);
  expect(running).toBeLessThanOrEqual(RUNNING_BYTES);
});
