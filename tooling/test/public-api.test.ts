import { describe, expect, test } from "vitest";
import { publicApi } from "../api/public-api.ts";
import { declarationsOf } from "../build/declarations.ts";
import { publicModulesOf } from "../build/manifest.ts";
import { publicPackages } from "../packing/public-packages.ts";

const files = (texts: Record<string, string>) => Object.entries(texts).map(([path, text]) => ({ path, text }));
const index = [{ name: "pkg", path: "index.d.ts" }];

describe("the API of a package", () => {
  test("consists of the exports of its modules, without declarations that only other files import", () => {
    const texts = {
      "index.d.ts": 'export { a, type B } from "./inner/a.js";',
      "inner/a.d.ts": "export declare function a(): void;\nexport interface B {\n}\nexport declare class Inner {\n}",
    };
    expect(publicApi(files(texts), index)).toEqual({
      modules: [{ name: "pkg", declarations: ["export interface B {\n}", "export declare function a(): void;"] }],
      unexported: [],
    });
  });

  test("has every overload of a function, and the name under which it is exported", () => {
    const texts = {
      "index.d.ts": 'import { f as g } from "./f.js";\nexport { g as h };',
      "f.d.ts": "export declare function f(x: 1): 1;\nexport declare function f(x: 2): 2;",
    };
    expect(publicApi(files(texts), index).modules[0]?.declarations).toEqual([
      "// exported as h\nexport declare function f(x: 1): 1;\nexport declare function f(x: 2): 2;",
    ]);
  });

  test("has a declaration once, and a reference to it in a second module that exports it", () => {
    const texts = {
      "index.d.ts": "export declare const a: 1;",
      "v1/index.d.ts": 'export { a } from "../index.js";\nexport { z } from "zod";',
    };
    const modules = [...index, { name: "pkg/v1", path: "v1/index.d.ts" }];
    expect(publicApi(files(texts), modules).modules[1]?.declarations).toEqual([
      'export { a } from "pkg";',
      'export { z } from "zod";',
    ]);
  });

  test("lists separately the types that exported ones use and that cannot be imported, through all files", () => {
    const texts = {
      "index.d.ts": 'import type { Base } from "./base.js";\nexport interface A<T> extends Base {\n    own: T;\n}',
      "base.d.ts":
        'export interface Base {\n    deep: Deep;\n    at: typeof start;\n}\ntype Deep = { of: import("./other.js").Other };\ndeclare const start: 1;\ntype Unused = 2;',
      "other.d.ts": "export type Other = 3;",
    };
    expect(publicApi(files(texts), index).unexported).toEqual([
      "export interface Base {\n    deep: Deep;\n    at: typeof start;\n}",
      'type Deep = { of: import("./other.js").Other };',
      "export type Other = 3;",
      "declare const start: 1;",
    ]);
  });

  test("refuses a module with export *", () => {
    const texts = { "index.d.ts": 'export * from "./a.js";', "a.d.ts": "export declare const a: 1;" };
    expect(() => publicApi(files(texts), index)).toThrow("one by one");
  });
});

test("the API of the core has the same names as its module exports", async () => {
  const core = publicPackages().find(({ manifest }) => manifest.name === "@waymark/core");
  if (core === undefined) throw new Error("There is no @waymark/core");
  const modules = Object.entries(publicModulesOf(core.manifest)).map(([name, path]) => ({
    name,
    path: `${path}.d.ts`,
  }));
  const { modules: apis } = publicApi(declarationsOf(core.folder, core.manifest), modules);
  const [main] = apis;
  const declared = main?.declarations.flatMap((text) =>
    [...text.matchAll(/^export declare (?:abstract )?(?:const|class|function) (\w+)/gm)].map(([, name]) => name),
  );
  expect(new Set(declared)).toEqual(new Set(Object.keys(await import("@waymark/core"))));
});
