import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ERROR_CODES } from "../../packages/core/src/errors.ts";
import { ROOT } from "../pnpm.ts";

test("docs/errors.md has a heading per error code, in the order of the table", () => {
  const markdown = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const headings = [...markdown.matchAll(/^### (\S+)$/gm)].map(([, code]) => code);
  expect(headings).toEqual(ERROR_CODES);
});
