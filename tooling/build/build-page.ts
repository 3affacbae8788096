import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type Rolldown } from "vite";

/** A page with its files, as the server part imports it. */
interface BuiltPage {
  script: string;
  style: string;
  files: Record<string, { type: string; gzip: string }>;
}

/** What is built, and where it goes. */
export interface PageOptions {
  /** The folder of the page; main.tsx in it is the entry. */
  folder: string;
  /** The module that is written. */
  target: string;
  /** The most gzipped bytes that a browser loads at first. */
  atFirst: number;
  /** The most gzipped bytes of all files. */
  inAll: number;
}

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};

/**
 * Builds a page and writes its files, gzipped, into a module that the server part imports. So users need neither React
 * nor a folder of files beside the code.
 *
 * - Returns the absolute paths of the modules in it.
 */
export async function buildPage({ folder, target, ...most }: PageOptions): Promise<string[]> {
  const { output } = (await build({
    root: folder,
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
        input: join(folder, "main.tsx"),
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
  const page: BuiltPage = { script: entry.fileName, style, files: {} };
  const first = new Set([style, ...importedBy(chunks, entry.fileName)]);
  let atFirst = 0;
  let inAll = 0;
  for (const file of output) {
    const gzipped = gzipSync(file.type === "chunk" ? file.code : file.source, { level: 9 });
    const type = TYPES[file.fileName.split(".").pop() ?? ""];
    if (type === undefined) throw new Error(`${file.fileName} has a type that is not served.`);
    page.files[file.fileName] = { type, gzip: gzipped.toString("base64") };
    inAll += gzipped.length;
    if (first.has(file.fileName)) atFirst += gzipped.length;
  }
  writeFileSync(
    target,
    `/** Made by tooling/build/build-page.ts. */\nexport const PAGE = ${JSON.stringify(page, undefined, 1)};\n`,
  );
  console.log(`page: ${kilobytes(atFirst)} at first, ${kilobytes(inAll)} in all, gzipped`);
  if (atFirst > most.atFirst || inAll > most.inAll) throw new Error("The page has become too large.");
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
