import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "../pnpm.ts";

const DOCS = join(ROOT, "docs");
const pages = globSync("fr/*.md", { cwd: DOCS }).sort();

interface Part {
  /** A heading with its number, a row of a table with its cells, a point of a list, a paragraph, or code. */
  kind: string;
  /** What no translation changes: the names in backticks, and the numbers. */
  names: string[];
}

function partsOf(page: string): Part[] {
  const text = readFileSync(join(DOCS, page), "utf8").replaceAll(
    /^```(\S*).*\n([\s\S]*?)^```$/gm,
    (_, language, code) => (language === "ts" ? `code ${withoutWords(code)}` : `code ${code.replaceAll("\n", " ")}`),
  );
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .filter((line) => !line.startsWith("(")) // the link to the other language
    .map((line) => ({ kind: kindOf(line), names: namesIn(line) }));
}

function kindOf(line: string): string {
  if (line.startsWith("code ")) return line;
  if (line.startsWith("#")) return line.replace(/^(#+ (?:\d+\.)?).*/, "$1");
  if (line.startsWith("|")) return `row of ${line.split("|").length - 2}`;
  return /^\s*(?:-|\d+\.) /.test(line) ? "point" : "paragraph";
}

/** Code on one line, without comments and without the words of template strings. */
function withoutWords(code: string): string {
  const lines = code.split("\n").map((line) => line.replace(/\s*\/\/ .*$/, ""));
  return lines.join(" ").replaceAll(/`([^`]*)`/g, (_, words) => (words.match(/\$\{[^}]*\}/g) ?? []).join(""));
}

function namesIn(line: string): string[] {
  const names = [...line.matchAll(/`([^`\s]+)`/g)].map(([, name = ""]) => name);
  const numbers = line.replaceAll(/`[^`]*`|\]\([^)]*\)/g, "").match(/\d+(?:[,.\u00A0\u202F ]\d{3})*/g) ?? [];
  return [...names, ...numbers.map((number) => number.replaceAll(/\D/g, ""))];
}

describe("a page in another language", () => {
  test("exists", () => expect(pages).toEqual(["fr/migration.md", "fr/rollout.md"]));

  test.for(pages)("%s has the parts of its original, each with the same names and numbers", (page) => {
    const original = partsOf(page.replace("fr/", ""));
    const translated = partsOf(page);
    expect(translated.map(({ kind }) => kind)).toEqual(original.map(({ kind }) => kind));
    const missing = original.map(({ names }, index) =>
      names.filter((name) => !translated[index]?.names.includes(name)),
    );
    expect(missing.map((names, index) => [index, ...names]).filter(([, ...names]) => names.length > 0)).toEqual([]);
  });
});
