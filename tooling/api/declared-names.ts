import { parseAst } from "rolldown/parseAst";
import { isNode, type SyntaxNode } from "../build/specifiers.ts";

/** A name from another module: the name that it has there, and the module's specifier. */
export interface Elsewhere {
  name: string;
  specifier: string;
}

/** The declarations, imports and exports of a declaration file, by name. */
export interface DeclaredNames {
  /** The statements that declare a name: several for overloads. */
  declared: Map<string, SyntaxNode[]>;
  imported: Map<string, Elsewhere>;
  /** Exported names, each with the local name or with the module that it comes from. */
  exported: Map<string, string | Elsewhere>;
}

/** Lists the names of a declaration file. */
export function declaredNames(text: string): DeclaredNames {
  const names: DeclaredNames = { declared: new Map(), imported: new Map(), exported: new Map() };
  for (const statement of (parseAst(text, { lang: "dts" }) as unknown as { body: SyntaxNode[] }).body) {
    if (statement.type === "ExportAllDeclaration") throw new Error("A public module must export its names one by one.");
    if (statement.type === "ImportDeclaration") addImports(names, statement);
    else if (statement.type === "ExportNamedDeclaration" && !isNode(statement.declaration))
      addExports(names, statement);
    else addDeclarations(names, statement);
  }
  return names;
}

function addImports({ imported }: DeclaredNames, statement: SyntaxNode): void {
  const specifier = literal(statement.source);
  for (const each of nodes(statement.specifiers)) {
    // A default or namespace import names only the module.
    imported.set(nameOf(each.local), { name: isNode(each.imported) ? nameOf(each.imported) : "", specifier });
  }
}

function addExports({ exported }: DeclaredNames, statement: SyntaxNode): void {
  for (const each of nodes(statement.specifiers)) {
    const local = nameOf(each.local);
    const source = isNode(statement.source) ? { name: local, specifier: literal(statement.source) } : local;
    exported.set(nameOf(each.exported), source);
  }
}

function addDeclarations({ declared, exported }: DeclaredNames, statement: SyntaxNode): void {
  const isExported = statement.type === "ExportNamedDeclaration";
  const declaration = isExported ? (statement.declaration as SyntaxNode) : statement;
  const parts = declaration.type === "VariableDeclaration" ? nodes(declaration.declarations) : [declaration];
  for (const { id } of parts) {
    if (!isNode(id)) continue;
    const name = nameOf(id);
    declared.set(name, [...(declared.get(name) ?? []), statement]);
    if (isExported) exported.set(name, name);
  }
}

/** Lists the names that a statement uses: those of its own module, and those of others by `import("…")`. */
export function mentionedNames(statement: SyntaxNode): (string | Elsewhere)[] {
  const found: (string | Elsewhere)[] = [];
  function visit(value: unknown): void {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    const isImport = value.type === "TSImportType";
    const first = firstOf(
      isImport ? value.qualifier : (value.typeName ?? value.exprName ?? value.expression ?? value.superClass),
    );
    if (first !== undefined) found.push(isImport ? { name: first, specifier: literal(value.source) } : first);
    Object.values(value).forEach(visit);
  }
  visit(statement);
  return found;
}

/** Returns the first part of a dotted name. */
function firstOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === "TSQualifiedName") return firstOf(node.left);
  return node.type === "Identifier" ? nameOf(node) : undefined;
}

function nameOf(node: unknown): string {
  const { name, value } = node as { name?: string; value?: string };
  return String(name ?? value);
}

function literal(node: unknown): string {
  return String((node as SyntaxNode).value);
}

function nodes(value: unknown): SyntaxNode[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}
