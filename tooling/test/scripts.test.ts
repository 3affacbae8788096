import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";

const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const contributing = readFileSync(join(ROOT, "CONTRIBUTING.md"), "utf8");
const map = contributing.slice(contributing.indexOf("## The scripts"), contributing.indexOf("## Rules"));

test("CONTRIBUTING.md lists every script of the workspace, and no other", () => {
  const named = [...map.matchAll(/`(?:npm run|npm|pnpm) ([\w:-]+)`/g)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(Object.keys(scripts).sort());
});
