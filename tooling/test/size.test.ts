import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../build/bundle.ts";
import { readManifest } from "../build/manifest.ts";
import { ROOT } from "../pnpm.ts";

const LIMIT_BYTES = 64_000;

test(`import "@waymark/core" loads at most ${LIMIT_BYTES} bytes, minified, with its bundled dependencies`, async () => {
  const folder = join(ROOT, "packages/core");
  const manifest = { ...readManifest(folder), publishConfig: { exports: { ".": "./dist/index.js" } } };
  const files = new Map((await bundle({ folder, manifest, minify: true })).map((file) => [file.fileName, file]));
  const loaded = new Set<string>();
  const load = (fileName: string): void => {
    const file = files.get(fileName);
    if (file === undefined || loaded.has(fileName)) return;
    loaded.add(fileName);
    file.imports.forEach(load);
  };
  load("index.js");
  const bytes = [...loaded].reduce((sum, fileName) => sum + Buffer.byteLength(files.get(fileName)?.code ?? ""), 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
});
