/** A `ts` fence of a Markdown file. */
export interface Fence {
  /** The line at which its code begins, 1-based. */
  line: number;
  code: string;
  /**
   * The code of the `<!-- setup: ... -->` comment right before it. Readers do not see it, but it is part of the module.
   */
  setup?: { line: number; code: string };
  /** False for a fence marked `ts no-run`, which is type-checked only. */
  runs: boolean;
}

const FENCE =
  /(?:^<!-- setup:(?<setup>(?:(?!-->)[\s\S])*)-->\s*)?^```ts(?<info>(?![a-z])[^\n]*)\n(?<code>[\s\S]*?)^```$/gm;
const FENCE_OPENING = /^\s*```(?:ts|typescript)\b/gm;
const SETUP_OPENING = /<!--\s*setup/g;

/** Returns all `ts` fences of a Markdown text, in order. Throws if a fence would be overlooked. */
export function fencesIn(markdown: string): Fence[] {
  const found = [...markdown.matchAll(FENCE)].map((match) => fenceOf(match, markdown));
  if (found.length !== (markdown.match(FENCE_OPENING)?.length ?? 0)) {
    throw new Error("A ts fence must be closed, must not be indented, and must be marked ts, not typescript.");
  }
  if (found.filter(({ setup }) => setup !== undefined).length !== (markdown.match(SETUP_OPENING)?.length ?? 0)) {
    throw new Error("A set-up comment must begin a line, right before a ts fence.");
  }
  return joined(found);
}

/** Joins each fence marked `ts continued` to the module of the fence before it. */
function joined(found: readonly (Fence & { continued: boolean })[]): Fence[] {
  const fences: Fence[] = [];
  for (const { continued, ...fence } of found) {
    const last = fences.at(-1);
    if (!continued) {
      fences.push(fence);
    } else if (last === undefined) {
      throw new Error(`Line ${fence.line - 1}: a fence marked "continued" needs a ts fence before it.`);
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
    throw new Error(`Line ${line - 1}: a ts fence may be marked "no-run" or "continued", and nothing else.`);
  }
  const fence = { line, code, runs: marks !== "no-run", continued: marks === "continued" };
  return setup === undefined ? fence : { ...fence, setup: { line: lineAt(match.index), code: setup } };
}

/** Returns the fence as a module. Its code is on the same lines as in the Markdown file. */
export function moduleOf({ line, code, setup }: Fence): string {
  const before = setup === undefined ? "" : "\n".repeat(setup.line - 1) + setup.code;
  return before + "\n".repeat(line - before.split("\n").length) + code;
}
