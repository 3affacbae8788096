import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deadLinks } from "../docs/site-links.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "waymark-links-"));
  mkdirSync(join(folder, "guide"));
  writeFileSync(
    join(folder, "guide/index.html"),
    '<h2 id="été">Summer</h2><a href="../start">up</a><a href="/mark.svg">',
  );
  writeFileSync(join(folder, "mark.svg"), "<svg/>");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ["a page, without its ending", "/start", true],
  ["the index of a folder", "/guide/", true],
  ["a heading", "/guide/#%C3%A9t%C3%A9", true],
  ["a heading of the same page", "#top", true],
  ["another site", "https://example.com/nowhere", true],
  ["a page that does not exist", "/nowhere", false],
  ["a heading that does not exist", "/guide/#winter", false],
  ["a heading of the same page that does not exist", "#bottom", false],
])("a link to %s: %s", (_, href, isAlive) => {
  writeFileSync(join(folder, "start.html"), `<h1 id="top">Start</h1><a href="${href}">link</a>`);
  expect(deadLinks(folder)).toEqual(isAlive ? [] : [{ page: "/start.html", href }]);
});
