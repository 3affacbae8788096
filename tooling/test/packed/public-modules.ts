import { expect } from "vitest";
import { publicModulesOf } from "../../build/manifest.ts";
import type { PublicPackage } from "../../packing/public-packages.ts";
import type { Consumer, RESOLUTIONS } from "./consumer.ts";

/** Returns the names by which a package's modules are imported. */
export function modulesOf({ manifest }: PublicPackage): string[] {
  return Object.keys(publicModulesOf(manifest));
}

/** Type-checks a module that imports all the given modules, including their declarations. */
export function typeCheck(
  consumer: Consumer,
  modules: string[],
  resolution: keyof typeof RESOLUTIONS,
  { skipLibCheck = false } = {},
): void {
  consumer.write("modules.ts", modules.map((name, index) => `export * as m${index} from "${name}";\n`).join(""));
  consumer.compile("modules.ts", { resolution, outDir: `modules-${resolution}`, skipLibCheck });
}

export function expectSameExportsByImportAndRequire(consumer: Consumer, module: string): void {
  consumer.write("import.mjs", `import * as module from "${module}"; console.log(Object.keys(module).sort().join());`);
  consumer.write("require.cjs", `console.log(Object.keys(require("${module}")).sort().join());`);
  const names = consumer.node("import.mjs");
  expect(names.trim()).not.toBe("");
  expect(consumer.node("require.cjs")).toBe(names);
}
