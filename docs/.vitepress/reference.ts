/**
 * Writes the API reference into docs/reference: a page for each export of each public package, from its docstring.
 *
 * Command: node docs/.vitepress/reference.ts
 *
 * - It fails on a warning: an export without a docstring, or a link in a docstring that leads nowhere.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Application, type DeclarationReflection, ReflectionKind } from "typedoc";
import type { PluginOptions } from "typedoc-plugin-markdown";

const DOCS = resolve(import.meta.dirname, "..");
const REPOSITORY = "https://github.com/waymark-dev/waymark";
const PACKAGES = resolve(DOCS, "../packages");

/** The file of each public module, with the name by which it is imported. */
function publicModules(): Map<string, string> {
  const modules = new Map<string, string>();
  for (const folder of readdirSync(PACKAGES)) {
    const {
      name,
      private: isPrivate,
      exports,
      publishConfig,
    } = JSON.parse(readFileSync(join(PACKAGES, folder, "package.json"), "utf8"));
    if (isPrivate) continue;
    for (const [path, file] of Object.entries<string>(exports)) {
      // Some paths are for this repository only.
      if (!Object.hasOwn(publishConfig.exports, path)) continue;
      modules.set(join(PACKAGES, folder, file), name + path.slice(1));
    }
  }
  return modules;
}

const modules = publicModules();
const options: PluginOptions & Record<string, unknown> = {
  name: "API reference",
  plugin: ["typedoc-plugin-markdown", "typedoc-vitepress-theme"],
  entryPoints: [...modules.keys()],
  tsconfig: join(DOCS, ".vitepress/tsconfig.reference.json"),
  readme: "none",
  out: join(DOCS, "reference"),
  docsRoot: DOCS,
  entryFileName: "index",
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  expandObjects: true,
  parametersFormat: "table",
  interfacePropertiesFormat: "table",
  typeAliasPropertiesFormat: "table",
  disableGit: true,
  basePath: resolve(DOCS, ".."),
  displayBasePath: resolve(DOCS, ".."),
  sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
  excludeInternal: true,
  excludePrivate: true,
  treatWarningsAsErrors: true,
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ["Class", "Function", "Interface", "TypeAlias", "Variable"],
  logLevel: "Warn",
};

const app = await Application.bootstrapWithPlugins(options as never);
const project = await app.convert();
if (project === undefined) throw new Error("TypeDoc could not read the packages.");
for (const module of project.getChildrenByKind(ReflectionKind.Module)) module.name = nameOf(module);
app.validate(project);
await app.generateOutputs(project);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exitCode = 1;

function nameOf(module: DeclarationReflection): string {
  const file = module.sources?.[0]?.fullFileName ?? "";
  const name = modules.get(file);
  if (name === undefined) throw new Error(`No package exports ${file}.`);
  return name;
}
