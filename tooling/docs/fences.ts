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
  const fences = [...markdown.matchAll(FENCE)].map((match) => fenceOf(match, markdown));
  if (fences.length !== (markdown.match(FENCE_OPENING)?.length ?? 0)) {
    throw new Error("A ts fence is indented, unclosed or called typescript");
  }
  if (fences.filter(({ setup }) => setup !== undefined).length !== (markdown.match(SETUP_OPENING)?.length ?? 0)) {
    throw new Error("A set-up comment does not begin a line right before a ts fence");
  }
  return fences;
}

function fenceOf(match: RegExpExecArray, markdown: string): Fence {
  const lineAt = (index: number) => markdown.slice(0, index).split("\n").length;
  const { setup, info = "", code = "" } = match.groups ?? {};
  const marks = info.trim();
  const line = lineAt(match.index + match[0].lastIndexOf(`\`\`\`ts${info}\n`)) + 1;
  if (marks !== "" && marks !== "no-run") throw new Error(`Line ${line - 1}: a ts fence is marked "no-run" or nothing`);
  const fence = { line, code, runs: marks === "" };
  return setup === undefined ? fence : { ...fence, setup: { line: lineAt(match.index), code: setup } };
}

/** The fence as a module of its own. What it holds stands on the same lines as in the Markdown file. */
export function moduleOf({ line, code, setup }: Fence): string {
  const before = setup === undefined ? "" : "\n".repeat(setup.line - 1) + setup.code;
  return before + "\n".repeat(line - before.split("\n").length) + code;
}
