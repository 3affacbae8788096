import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";

const source = readFileSync(join(ROOT, "packages/core/src/engine/events.ts"), "utf8");
const page = readFileSync(join(ROOT, "docs/events-and-logs.md"), "utf8");

/** The types of the events, each with the fields that it declares itself. */
const events = [...source.matchAll(/\btype: "([\w.]+)"([^}]*)\}/g)].map(([, type = "", body = ""]) => ({
  type,
  fields: [...body.replaceAll(/\/\*[\s\S]*?\*\//g, "").matchAll(/(\w+)\??:/g)].map(([, name = ""]) => name),
}));
/** Those that the page names once, for all events of a node. */
const SHARED = ["nodeId", "nodeName", "nodeType", "visit"];

test("docs/events-and-logs.md has every event of the engine, with its fields", () => {
  expect(events.length).toBeGreaterThan(20);
  const missing = events.flatMap(({ type, fields }) => {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${type}\` |`));
    if (row === undefined) return [type];
    return fields
      .filter((name) => !SHARED.includes(name) && !row.includes(`\`${name}\``))
      .map((name) => `${type}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test("docs/events-and-logs.md has no other event", () => {
  const named = [...page.matchAll(/^\| `([a-z]+\.[a-z]+)` \|/gm)].map(([, type]) => type);
  expect(named.filter((name) => !events.some(({ type }) => type === name))).toEqual([]);
});
