import { parseAst } from "rolldown/parseAst";

/** A node of the syntax tree that rolldown's parser makes. */
export interface SyntaxNode {
  type: string;
  start: number;
  end: number;
  value?: unknown;
  [field: string]: unknown;
}

/** The field that contains the specifier of another module, by the type of the syntax node. */
const SPECIFIER_FIELDS: Record<string, string> = {
  ImportDeclaration: "source",
  ExportNamedDeclaration: "source",
  ExportAllDeclaration: "source",
  ImportExpression: "source",
  TSImportType: "source",
  TSExternalModuleReference: "expression",
  TSModuleDeclaration: "id",
};

/** Returns the modules that a declaration file names, in the order of their first use. */
export function specifiersIn(text: string): string[] {
  return [...new Set(literalsIn(text).map(({ value }) => value))];
}

/** Returns the declaration file with every module name replaced. */
export function replaceSpecifiers(text: string, replace: (specifier: string) => string): string {
  let [result, end] = ["", 0];
  for (const literal of literalsIn(text)) {
    result += text.slice(end, literal.start) + JSON.stringify(replace(literal.value));
    end = literal.end;
  }
  return result + text.slice(end);
}

function literalsIn(text: string): { value: string; start: number; end: number }[] {
  const found: { value: string; start: number; end: number }[] = [];
  function visit(value: unknown): void {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    const field = SPECIFIER_FIELDS[value.type];
    const literal = field === undefined ? undefined : value[field];
    if (isNode(literal) && typeof literal.value === "string") {
      found.push({ value: literal.value, start: literal.start, end: literal.end });
    }
    Object.values(value).forEach(visit);
  }
  visit(parseAst(text, { lang: "dts" }));
  return found.sort((a, b) => a.start - b.start);
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && typeof (value as SyntaxNode).type === "string";
}
