import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { firstStepsIn } from "../docs/first-steps.ts";
import { ROOT } from "../pnpm.ts";
import { FIRST_HOURS } from "../trials/first-hours.ts";

const page = `# A package

\`\`\`sh
npm install it   # and nothing else
\`\`\`

Save this as \`first.mjs\`, anywhere:

\`\`\`ts no-run
run();
\`\`\`

\`\`\`sh
node first.mjs
\`\`\`

It prints \`one\`, then \`two\`.

## Later

\`\`\`sh
npm install other
\`\`\`
`;

describe("the steps of a page", () => {
  const steps = { commands: ["npm install it", "node first.mjs"], file: "first.mjs", code: "run();\n" };

  test("are those above its next heading", () => {
    expect(firstStepsIn(page)).toEqual({ ...steps, prints: ["one", "two"] });
  });

  test("are those of one section", () => {
    const under = `# Title\n\n### Elsewhere\n\n${page.replace("# A package", "### Here")}`;
    expect(firstStepsIn(under, "### Here").commands).toEqual(steps.commands);
    expect(() => firstStepsIn(under, "### Nowhere")).toThrow('no heading "### Nowhere"');
  });

  test.each([
    ["npm install", "npm install it", "npm ls"],
    ["Save this as", "Save this as `first.mjs`", "Save it"],
    ["node first.mjs", "node first.mjs\n", "node other.mjs\n"],
    ["It prints", "It prints", "It shows"],
  ])("must contain %s", (missing, from, to) => {
    expect(() => firstStepsIn(page.replace(from, to))).toThrow(`lacks: ${missing}`);
  });
});

describe("a new user finds the install command, the file, the command and what it prints", () => {
  test.for(Object.entries(FIRST_HOURS))("for %s", ([, { readme, heading, url }]) => {
    const { code } = firstStepsIn(readFileSync(join(ROOT, readme), "utf8"), heading);
    if (url !== undefined) expect(code).toContain(`process.env.${url.variable} ?? "`);
  });
});
