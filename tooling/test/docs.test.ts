import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { fencesIn, moduleOf } from "../docs/fences.ts";
import { ROOT, run } from "../pnpm.ts";

// In the package `docs`, whose package.json lists the packages that the examples may import.
const MODULES = join(ROOT, "docs/.fences");

const files = globSync(["README.md", "packages/*/README.md", "docs/**/*.md"], {
  cwd: ROOT,
  exclude: ["**/node_modules/**", "docs/reference/**"],
}).sort();
const fences = files.flatMap((file) =>
  fencesIn(readFileSync(join(ROOT, file), "utf8")).map((fence) => ({
    ...fence,
    place: `${file}:${fence.line}`,
    module: join(MODULES, `${file.replaceAll(/[/\\]/g, "-").replace(/\.md$/, "").toLowerCase()}-${fence.line}.ts`),
  })),
);
const runnable = fences.filter(({ runs }) => runs);

describe("the examples of README and docs", () => {
  beforeAll(() => {
    rmSync(MODULES, { recursive: true, force: true });
    mkdirSync(MODULES);
    for (const fence of fences) writeFileSync(fence.module, moduleOf(fence));
  });

  test("there is at least one example that runs", () => {
    expect(files).toContain("README.md");
    expect(runnable.map(({ place }) => place)).toContainEqual(expect.stringMatching(/^README\.md:/));
  });

  test("the store of the tutorial has at most 150 lines", () => {
    const [, ...fenced] = readFileSync(join(ROOT, "docs/write-a-store.md"), "utf8").split(/^```ts.*$/m);
    const code = fenced.map((text) => text.slice(0, text.indexOf("```"))).slice(0, -1); // the last one runs the suite
    const lines = code
      .join("")
      .replaceAll(/^import [\s\S]*?;$/gm, "")
      .split("\n");
    expect(lines.filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(150);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(125);
  });

  test("type-check", () => {
    const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
    run(process.execPath, [tsc, "--noEmit", "--pretty", "false", "-p", join(ROOT, "docs")]);
  });

  test.for(runnable)("$place runs", ({ module }) => {
    run(process.execPath, [relative(MODULES, module)], { cwd: MODULES });
  });
});
