import { join } from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../build/bundle.ts";
import { readManifest } from "../build/manifest.ts";
import { ROOT } from "../pnpm.ts";

const LIMIT_BYTES = 60_000;

test(`"@waymark/core" minified, with what it bundles, has at most ${LIMIT_BYTES} bytes`, async () => {
  const folder = join(ROOT, "packages/core");
  const manifest = { ...readManifest(folder), publishConfig: { exports: { ".": "./dist/index.js" } } };
  const files = await bundle({ folder, manifest, minify: true });
  const bytes = files.reduce((sum, { code }) => sum + Buffer.byteLength(code), 0);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(LIMIT_BYTES);
});
