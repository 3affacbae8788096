import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";
import type { Page } from "../src/server/page-files.ts";

const FOLDER = join(import.meta.dirname, "..");
const TARGET = join(FOLDER, "src/server/page-files.generated.js");
/** Gzipped bytes of what a browser loads at first, and of all. */
const MOST_AT_FIRST = 180_000;
const MOST_IN_ALL = 300_000;

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/**
 * Builds the page and writes its files, gzipped, into a module that the server part imports. So users need neither React
 * nor a folder of files beside the code.
 *
 * - Returns the absolute paths of the modules in it.
 */
export async function buildPage(): Promise<string[]> {
  const { output } = (await build({
    root: join(FOLDER, "src/page"),
    configFile: false,
    logLevel: "warn",
    base: "./",
    define: { "process.env.NODE_ENV": '"production"' },
    build: {
      write: false,
      target: "es2023",
      assetsDir: "",
      modulePreload: false,
      rolldownOptions: {
        input: join(FOLDER, "src/page/main.tsx"),
        // Libraries mark their modules for servers that render React; there is none here.
        onLog: (level, log, handle) =>
          log.code === "MODULE_LEVEL_DIRECTIVE" || handle(level === "warn" ? "error" : level, log),
      },
    },
  })) as Rolldown.RolldownOutput;
  const chunks = output.filter((file) => file.type === "chunk");
  const entry = chunks.find((chunk) => chunk.isEntry);
  if (entry === undefined) throw new Error("The page has no entry.");
  const style = [...(entry.viteMetadata?.importedCss ?? [])][0] ?? "";
  const page: Page = { script: entry.fileName, style, files: {} };
  const first = new Set([style, ...importedBy(chunks, entry.fileName)]);
  let atFirst = 0;
  let inAll = 0;
  for (const file of output) {
    const gzipped = gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 });
    const type = TYPES[file.fileName.split(".").pop() ?? ""];
    if (type === undefined) throw new Error(`${file.fileName} has a type that the inspector does not serve.`);
    page.files[file.fileName] = { type, gzip: gzipped.toString("base64") };
    inAll += gzipped.length;
    if (first.has(file.fileName)) atFirst += gzipped.length;
  }
  writeFileSync(
    TARGET,
    `/** Made by scripts/build.ts. */\nexport const PAGE = ${JSON.stringify(page, undefined, 1)};\n`,
  );
  console.log(`page: ${kilobytes(atFirst)} at first, ${kilobytes(inAll)} in all, gzipped`);
  if (atFirst > MOST_AT_FIRST || inAll > MOST_IN_ALL) throw new Error("The page has become too large.");
  return chunks.flatMap(({ moduleIds }) => moduleIds);
}

/** The names of a chunk and of all that are loaded together with it. */
function importedBy(
  chunks: readonly Rolldown.OutputChunk[],
  name: string,
  found: Set<string> = new Set(),
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const imports = chunks.find(({ fileName }) => fileName === name)?.imports ?? [];
  for (const each of imports) importedBy(chunks, each, found);
  return found;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
