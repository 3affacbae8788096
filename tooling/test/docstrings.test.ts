import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { documentedMembers } from "../docs/docstrings.ts";
import { ROOT } from "../pnpm.ts";

const CORE = "packages/core/src";
const membersOf = (file: string) => documentedMembers(readFileSync(join(ROOT, CORE, file), "utf8"));

test.each(["engine-options", "run-options", "fork-options", "execution-queries"])(
  "each option in engine/%s.ts that has a docstring links to its page, by itself or by its type",
  (file) => {
    const options = membersOf(`engine/${file}.ts`).filter(({ type }) => /(Options|Settings|Query)$/.test(type));
    expect(options).not.toEqual([]);
    const unlinked = options.filter(
      ({ docstring, typeDocstring }) => docstring !== "" && !/@see https:/.test(typeDocstring + docstring),
    );
    expect(unlinked.map(({ type, name }) => `${type}.${name}`)).toEqual([]);
  },
);

test.each([
  ["engine/execution-members.ts", "ExecutionMembers"],
  ["engine/workflow-engine.ts", "WorkflowEngine"],
  ["store/checkpoint-store.ts", "CheckpointStore"],
])("each method in %s has an example", (file, type) => {
  const source = readFileSync(join(ROOT, CORE, file), "utf8");
  const methods = new Set([...source.matchAll(/^ {2}(\w+)[<(]/gm)].map(([, name]) => name));
  const members = membersOf(file).filter((each) => each.type === type && methods.has(each.name));
  expect(members).not.toEqual([]);
  expect(members.filter(({ docstring }) => !docstring.includes("@example")).map(({ name }) => name)).toEqual([]);
});
