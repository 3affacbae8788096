import { expect, test } from "vitest";
import { replaceSpecifiers, specifiersIn } from "../build/specifiers.ts";

const declarations = `import type { A } from "./a.ts";
import { type B } from './b.ts';
export { c } from "./c.ts";
export * from "../d.ts";
export declare const e: import("./e.ts").E<import("./f.ts").F>;
export declare const text: "import './not-this.ts'";
/** import "./nor-this.ts" */
declare module "./g.ts" {}
import h = require("./h.ts");
export declare const plain: import("zod").ZodType;
`;
const modules = ["./a.ts", "./b.ts", "./c.ts", "../d.ts", "./e.ts", "./f.ts", "./g.ts", "./h.ts", "zod"];

test("finds every module that declarations import, and none in texts and comments", () => {
  expect(specifiersIn(declarations)).toEqual(modules);
});

test("replaces the module names and nothing else", () => {
  const replaced = replaceSpecifiers(declarations, (specifier) => specifier.replace(/\.ts$/, ".js"));
  expect(specifiersIn(replaced)).toEqual(modules.map((name) => name.replace(/\.ts$/, ".js")));
  expect(replaced).toContain(`"import './not-this.ts'"`);
  expect(replaced).toContain(`/** import "./nor-this.ts" */`);
});
