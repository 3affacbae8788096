/** A `ts` fence of a Markdown file. */
export interface Fence {
  /** The line its code begins at, 1-based. */
  line: number;
  code: string;
  /** The code of a `<!-- setup: ... -->` comment right before it: not shown to readers, but part of the module. */
  setup?: { line: number; code: string };
  /** False for a fence marked `ts no-run`, which is type-checked only. */
  runs: boolean;
}

const FENCE =
  /(?:^<!-- setup:(?<setup>(?:(?!-->)[\s\S])*)-->\s*)?^```ts(?<info>(?![a-z])[^\n]*)\n(?<code>[\s\S]*?)^```$/gm;
const FENCE_OPENING = /^\s*```(?:ts|typescript)\b/gm;
const SETUP_OPENING = /<!--\s*setup/g;

/** All `ts` fences of a Markdown text, in order. Throws where one would be overlooked. */
export function fencesIn(markdown: string): Fence[] {
  const found = [...markdown.matchAll(FENCE)].map((match) => fenceOf(match, markdown));
  if (found.length !== (markdown.match(FENCE_OPENING)?.length ?? 0)) {
    throw new Error("A ts fence is indented, unclosed or called typescript");
  }
  if (found.filter(({ setup }) => setup !== undefined).length !== (markdown.match(SETUP_OPENING)?.length ?? 0)) {
    throw new Error("A set-up comment does not begin a line right before a ts fence");
  }
  return joined(found);
}

/** A fence marked `ts continued` is part of the module of the one before it. */
function joined(found: readonly (Fence & { continued: boolean })[]): Fence[] {
  const fences: Fence[] = [];
  for (const { continued, ...fence } of found) {
    const last = fences.at(-1);
    if (!continued) {
      fences.push(fence);
    } else if (last === undefined) {
      throw new Error(`Line ${fence.line - 1}: there is no ts fence before it to be continued`);
    } else {
      const lines = last.code.split("\n").length - 1;
      last.code += "\n".repeat(fence.line - last.line - lines) + fence.code;
    }
  }
  return fences;
}

function fenceOf(match: RegExpExecArray, markdown: string): Fence & { continued: boolean } {
  const lineAt = (index: number) => markdown.slice(0, index).split("\n").length;
  const { setup, info = "", code = "" } = match.groups ?? {};
  const marks = info.trim();
  const line = lineAt(match.index + match[0].lastIndexOf(`\`\`\`ts${info}\n`)) + 1;
  if (!["", "no-run", "continued"].includes(marks)) {
    throw new Error(`Line ${line - 1}: a ts fence is marked "no-run", "continued" or nothing`);
  }
  const fence = { line, code, runs: marks !== "no-run", continued: marks === "continued" };
  return setup === undefined ? fence : { ...fence, setup: { line: lineAt(match.index), code: setup } };
}

/** The fence as a module of its own. What it holds stands on the same lines as in the Markdown file. */
export function moduleOf({ line, code, setup }: Fence): string {
  const before = setup === undefined ? "" : "\n".repeat(setup.line - 1) + setup.code;
  return before + "\n".repeat(line - before.split("\n").length) + code;
}
