import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { entriesOf, installedWith, type Manifest } from "./manifest.ts";
import { replaceSpecifiers, specifiersIn } from "./specifiers.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const TSC = join(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))), "bin/tsc");

/** A declaration file: its path in dist ("store/rules.d.ts") and its text. */
export interface Declaration {
  path: string;
  text: string;
}

/**
 * Returns the declarations that users of a package can reach, entries first. Those that only the implementation imports
 * are omitted.
 *
 * TypeScript keeps the `.ts` specifiers of the sources. This function replaces them by `.js`.
 */
export function declarationsOf(folder: string, manifest: Manifest, { comments = true } = {}): Declaration[] {
  const work = mkdtempSync(join(tmpdir(), "waymark-declarations-"));
  try {
    const sources = Object.values(entriesOf(manifest)).map((path) => join(folder, path));
    emit({ folder, sources, work, comments });
    return reachable({ emitted: join(work, relative(ROOT, folder), "src"), manifest });
  } finally {
    rmSync(work, { recursive: true });
  }
}

export function writeDeclarations(declarations: Declaration[], outputFolder: string): void {
  for (const { path, text } of declarations) {
    const target = join(outputFolder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
  }
}

function emit(options: { folder: string; sources: string[]; work: string; comments: boolean }): void {
  const { folder, sources, work, comments } = options;
  const project = join(work, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    noEmitOnError: true,
    // Declarations marked @internal are exported only for other modules of the package.
    stripInternal: true,
    removeComments: !comments,
    // Workspace packages are imported as sources, so their declarations are emitted too.
    rootDir: ROOT,
    outDir: work,
    typeRoots: [join(folder, "node_modules/@types"), join(ROOT, "node_modules/@types")],
  };
  writeFileSync(
    project,
    JSON.stringify({ extends: join(folder, "tsconfig.json"), files: sources, include: [], compilerOptions }),
  );
  const { status } = spawnSync(process.execPath, [TSC, "-p", project, "--pretty", "false"], {
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) throw new Error("The types do not compile; see the errors above.");
}

function reachable({ emitted, manifest }: { emitted: string; manifest: Manifest }): Declaration[] {
  const queue = Object.keys(entriesOf(manifest)).map((name) => `${name}.d.ts`);
  const found = new Set(queue);
  const known = installedWith(manifest);
  return queue.flatMap(function visit(path): Declaration[] {
    const file = join(emitted, path);
    const text = readFileSync(file, "utf8");
    const further: string[] = [];
    for (const specifier of specifiersIn(text)) {
      if (!specifier.startsWith(".")) {
        requireInstalled({ specifier, known, path, manifest });
        continue;
      }
      const target = relative(emitted, resolve(dirname(file), specifier.replace(/\.ts$/, ".d.ts")));
      if (!existsSync(join(emitted, target))) throw new Error(`${path} imports ${specifier}, which was not emitted`);
      if (!found.has(target)) further.push(target);
      found.add(target);
    }
    const rewritten = replaceSpecifiers(text, (specifier) =>
      specifier.startsWith(".") ? specifier.replace(/\.ts$/, ".js") : specifier,
    );
    return [{ path, text: rewritten }, ...further.flatMap(visit)];
  });
}

/** Refuses public types that use a bundled dependency: its declarations are not installed with the package. */
function requireInstalled(options: { specifier: string; known: string[]; path: string; manifest: Manifest }): void {
  const { specifier, known, path, manifest } = options;
  if (specifier.startsWith("node:")) return;
  if (known.some((name) => specifier === name || specifier.startsWith(`${name}/`))) return;
  throw new Error(`${manifest.name}: the public declaration ${path} imports "${specifier}", which users do not have`);
}
