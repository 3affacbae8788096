import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";

test("the project's dictionary is in lower case, sorted, and has no duplicates", () => {
  const words = readFileSync(join(ROOT, "tooling/spelling/words.txt"), "utf8").trimEnd().split("\n");
  expect(words).toEqual([...new Set(words.map((word) => word.toLowerCase()))].sort());
});
