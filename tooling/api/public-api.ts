import { posix } from "node:path";
import type { Declaration } from "../build/declarations.ts";
import type { SyntaxNode } from "../build/specifiers.ts";
import { type DeclaredNames, declaredNames, type Elsewhere, mentionedNames } from "./declared-names.ts";

/** A public module: the name by which it is imported, and its declaration file. */
export interface PublicModule {
  name: string;
  path: string;
}

/** The declarations behind a public module's exports, by name. */
export interface PublicModuleApi {
  name: string;
  declarations: string[];
}

/** The declarations that users of a package can import, and further declarations that those use. */
export interface PublicApi {
  modules: PublicModuleApi[];
  /** Declarations that exported ones use, although no module exports them. */
  unexported: string[];
}

interface Place {
  path: string;
  name: string;
}

interface ParsedFile extends DeclaredNames {
  text: string;
}

/**
 * Collects the declarations of all exports of public modules. Each is listed once, in the first module that exports it.
 */
export function publicApi(files: readonly Declaration[], modules: readonly PublicModule[]): PublicApi {
  const parsed = new Map<string, ParsedFile>();
  for (const { path, text } of files) parsed.set(path, { text, ...declaredNames(text) });
  const reported = new Map<string, string>();
  const mentioned: { path: string; mention: string | Elsewhere }[] = [];

  const report = ({ path, name }: Place): string => {
    const statements = fileAt(parsed, path).declared.get(name) ?? [];
    for (const mention of statements.flatMap(mentionedNames)) mentioned.push({ path, mention });
    return textOf(fileAt(parsed, path), statements);
  };

  const apis = modules.map(({ name: module, path }) => {
    const names = [...fileAt(parsed, path).exported.keys()].sort();
    const declarations = names.map((exported) => {
      const place = resolveExport(parsed, { path, name: exported });
      if (typeof place === "string") return `export { ${exported} } from "${place}";`;
      const first = reported.get(keyOf(place));
      if (first !== undefined) return `export { ${exported} } from "${first}";`;
      reported.set(keyOf(place), module);
      const alias = place.name === exported ? "" : `// exported as ${exported}\n`;
      return alias + report(place);
    });
    return { name: module, declarations };
  });

  const unexported = new Map<string, string>();
  // The set grows during the loop, because the types in it use further types.
  for (const { path, mention } of mentioned) {
    const isLocal = typeof mention === "string";
    const place = isLocal ? resolveLocal(parsed, { path, name: mention }) : follow(parsed, path, mention);
    if (place === undefined || typeof place === "string" || reported.has(keyOf(place))) continue;
    reported.set(keyOf(place), "");
    unexported.set(keyOf(place), report(place));
  }
  return { modules: apis, unexported: [...unexported].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text) };
}

/** Follows an exported name to the file that declares it. If another package declares it, returns its specifier. */
function resolveExport(files: Map<string, ParsedFile>, { path, name }: Place): Place | string {
  const source = fileAt(files, path).exported.get(name);
  const found =
    typeof source === "object" ? follow(files, path, source) : resolveLocal(files, { path, name: source ?? "" });
  if (found === undefined) throw new Error(`${path} exports no ${name}`);
  return found;
}

/** Follows a name that a file uses. Returns `undefined` for one that no module declares, such as a type parameter. */
function resolveLocal(files: Map<string, ParsedFile>, { path, name }: Place): Place | string | undefined {
  const { declared, imported } = fileAt(files, path);
  if (declared.has(name)) return { path, name };
  const source = imported.get(name);
  return source === undefined ? undefined : follow(files, path, source);
}

function follow(files: Map<string, ParsedFile>, path: string, { name, specifier }: Elsewhere): Place | string {
  if (!specifier.startsWith(".")) return specifier;
  return resolveExport(files, { path: posix.join(posix.dirname(path), specifier.replace(/\.js$/, ".d.ts")), name });
}

function fileAt(files: Map<string, ParsedFile>, path: string): ParsedFile {
  const file = files.get(path);
  if (file === undefined) throw new Error(`${path} was not emitted`);
  return file;
}

function textOf({ text }: ParsedFile, statements: readonly SyntaxNode[]): string {
  return statements.map(({ start, end }) => text.slice(start, end)).join("\n");
}

function keyOf({ path, name }: Place): string {
  return `${name} ${path}`;
}
