import { parseAst } from "rolldown/parseAst";

/** Returns an ES module's JavaScript as a CommonJS script: imports by `require()`, the rest in an async function. */
export function asCommonJs(javaScript: string): string {
  const { body } = parseAst(javaScript, { lang: "js", sourceType: "module" });
  const imports = body.filter((statement) => statement.type === "ImportDeclaration");
  const requires = imports.map(({ specifiers, source }) => {
    const names = specifiers.map((specifier) => {
      if (specifier.type !== "ImportSpecifier") throw new Error("Only named imports can be turned into require()");
      const imported = specifier.imported.type === "Literal" ? specifier.imported.value : specifier.imported.name;
      return imported === specifier.local.name ? imported : `${JSON.stringify(imported)}: ${specifier.local.name}`;
    });
    return `const { ${names.join(", ")} } = require(${source.raw});`;
  });
  const rest = body
    .filter((statement) => statement.type !== "ImportDeclaration")
    .map(({ start, end }) => javaScript.slice(start, end));
  return [...requires, "(async () => {", ...rest, "})();", ""].join("\n");
}
