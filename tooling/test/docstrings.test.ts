import { existsSync, globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { documentedMembers } from "../docs/docstrings.ts";
import { publicPackages } from "../packing/public-packages.ts";
import { ROOT } from "../pnpm.ts";

const CORE = "packages/core/src";
const REPOSITORY = "https://github.com/waymark-dev/waymark/blob/main/";

/** The options of each package's public functions. */
const options = publicPackages().flatMap(({ folder, manifest }) => {
  const isPublic = (path: string) => Object.hasOwn(manifest.publishConfig?.exports ?? {}, path);
  const modules = Object.entries(manifest.exports as Record<string, string>).filter(([path]) => isPublic(path));
  const names = modules.flatMap(([, file]) =>
    [...readFileSync(join(folder, file), "utf8").matchAll(/\b[A-Z]\w+(?:Options|Query|Harness)\b/g)].map(String),
  );
  return globSync("src/**/*.ts", { cwd: folder }).flatMap((file) =>
    documentedMembers(readFileSync(join(folder, file), "utf8"))
      .filter(({ type, isExported }) => isExported && names.includes(type))
      .map((member) => ({ ...member, file: relative(ROOT, join(folder, file)) })),
  );
});

describe("the options of public functions", () => {
  test("each one that has a docstring links to its page, by itself or by its type", () => {
    expect(new Set(options.map(({ type }) => type)).size).toBeGreaterThan(40);
    const unlinked = options.filter(
      ({ docstring, typeDocstring }) =>
        docstring !== "" && !`${typeDocstring}${docstring}`.includes(`@see ${REPOSITORY}`),
    );
    expect(unlinked.map(({ file, type, name }) => `${file}: ${type}.${name}`)).toEqual([]);
  });

  test("none is described in words that a reader must decode", () => {
    const decoded = options.filter(({ docstring }) => /\b(?:so many|whoever|in vain)\b/i.test(docstring));
    expect(decoded.map(({ file, type, name }) => `${file}: ${type}.${name}`)).toEqual([]);
  });

  test("none begins with a question word", () => {
    const asking = options.filter(({ docstring, typeDocstring }) =>
      [docstring, typeDocstring].some((text) => /^[\s/*]*(?:What|Who|Where|How|Whether)\b/.test(text)),
    );
    expect(asking.map(({ file, type, name }) => `${file}: ${type}.${name}`)).toEqual([]);
  });

  test("each page to which they link exists, with its heading", () => {
    const links = options.flatMap(({ docstring, typeDocstring }) =>
      [...`${typeDocstring}${docstring}`.matchAll(/@see (https:\S+)/g)].map(([, link = ""]) => link),
    );
    expect([...new Set(links)].filter((link) => !leadsSomewhere(link))).toEqual([]);
  });
});

function leadsSomewhere(link: string): boolean {
  const [path = "", heading] = link.slice(REPOSITORY.length).split("#");
  if (!link.startsWith(REPOSITORY) || !existsSync(join(ROOT, path))) return false;
  const lines = readFileSync(join(ROOT, path), "utf8").split("\n");
  const slug = (line: string) =>
    line
      .replace(/^#+ /, "")
      .toLowerCase()
      .replaceAll(/[^\w -]/g, "")
      .replaceAll(" ", "-");
  return heading === undefined || lines.some((line) => line.startsWith("#") && slug(line) === heading);
}

test.each([
  ["engine/execution-members.ts", "ExecutionMembers"],
  ["engine/workflow-engine.ts", "WorkflowEngine"],
  ["store/checkpoint-store.ts", "CheckpointStore"],
])("each method in %s has an example", (file, type) => {
  const source = readFileSync(join(ROOT, CORE, file), "utf8");
  const methods = new Set([...source.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name]) => name));
  const members = documentedMembers(source).filter((each) => each.type === type && methods.has(each.name));
  expect(members).not.toEqual([]);
  expect(members.filter(({ docstring }) => !docstring.includes("@example")).map(({ name }) => name)).toEqual([]);
});
