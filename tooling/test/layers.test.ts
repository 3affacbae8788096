import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const CORE = join(ROOT, "packages/core/src");
const SENTENCE =
  "Layers: errors ← definition, store ← state ← engine ← migration; conformance, testing and v1 stand beside.";
/** The layers that each layer may not import. */
const ABOVE: Readonly<Record<string, readonly string[]>> = {
  definition: ["store", "state", "engine", "migration"],
  store: ["definition", "state", "engine", "migration"],
  state: ["engine", "migration"],
  engine: ["migration"],
  migration: [],
};
const BESIDE = ["conformance", "testing", "v1"];

const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

interface Override {
  includes: string[];
  linter: { rules: { style?: { noRestrictedImports?: { options: { patterns: Pattern[] } } } } };
}
interface Pattern {
  group: string[];
  message: string;
}

/** Returns the groups of imports that a folder of the core may not have. */
function refusedIn(folder: string): Pattern[] {
  const { overrides } = JSON.parse(read("biome.json")) as { overrides: Override[] };
  return overrides
    .filter(({ includes }) => includes.includes(`packages/core/src/${folder}/**`))
    .flatMap(({ linter }) => linter.rules.style?.noRestrictedImports?.options.patterns ?? []);
}

it("the linter has a rule for every folder of the core", () => {
  const folders = readdirSync(CORE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = folders.map(({ name }) => name);
  expect([...Object.keys(ABOVE), ...BESIDE]).toEqual(expect.arrayContaining(names));
  expect(names.filter((name) => refusedIn(name).length === 0)).toEqual([]);
});

it.each(readdirSync(CORE).filter((name) => name in ABOVE))(
  "the linter refuses an import in %s from a layer above it",
  (folder) => {
    const layers = refusedIn(folder).find(({ message }) => message === SENTENCE);
    const wanted = [...(ABOVE[folder] ?? []), ...BESIDE].map((name) => `**/${name}/**`);
    expect(layers?.group).toEqual(wanted);
  },
);

it.each(["ARCHITECTURE.md", "CONTRIBUTING.md", "biome.json"])("%s contains the sentence about the layers", (file) => {
  expect(read(file)).toContain(SENTENCE);
});
