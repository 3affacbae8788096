import { expect, test } from "vitest";
import { fencesIn, moduleOf } from "../docs/fences.ts";

const markdown = `# Title

\`\`\`ts
first();
\`\`\`

\`\`\`sh
not this
\`\`\`

<!-- setup:
import { second } from "./second.ts";
const options = () => {};
-->

\`\`\`ts no-run
second(options);
\`\`\`
`;

test("finds all ts fences with their set-up and marks", () => {
  expect(fencesIn(markdown)).toEqual([
    { line: 4, code: "first();\n", runs: true },
    {
      line: 17,
      code: "second(options);\n",
      runs: false,
      setup: { line: 11, code: '\nimport { second } from "./second.ts";\nconst options = () => {};\n' },
    },
  ]);
});

test("puts the code of a fence on the same lines of its module as in the Markdown file", () => {
  const lines = markdown.split("\n");
  for (const fence of fencesIn(markdown)) {
    const module = moduleOf(fence).split("\n");
    const code = [...module.entries()].filter(([, text]) => text !== "");
    expect(code.length).toBeGreaterThan(0);
    for (const [index, text] of code) expect(text).toBe(lines[index]);
  }
});

test("joins a continued fence to the fence before it, each on its own lines", () => {
  const [fence, ...rest] = fencesIn("text\n```ts\nconst a = 1;\n```\n\nmore\n\n```ts continued\nuse(a);\n```\n");
  expect(rest).toEqual([]);
  expect(fence && moduleOf(fence).split("\n").indexOf("use(a);")).toBe(8);
  expect(() => fencesIn("```ts continued\na();\n```\n")).toThrow("Line 1");
});

test("refuses an unknown mark", () => {
  expect(() => fencesIn("```ts skip\n```\n")).toThrow("Line 1");
});

test.each([
  ["an indented fence", "- item\n  ```ts\n  code();\n  ```\n"],
  ["a fence without end", "```ts\ncode();\n"],
  ["another name for the language", "```typescript\ncode();\n```\n"],
  ["a set-up without a fence", "<!-- setup: a(); -->\n\ntext\n\n```ts\ncode();\n```\n"],
])("refuses a fence that would be overlooked: %s", (_name, text) => {
  expect(() => fencesIn(text)).toThrow();
});
