import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";

/** A place in an output, or several: keys, `*` for any one key or index, `**` for any number of them. */
export type PathPattern = readonly Segment[];

type Segment = { key: string } | "*" | "**";

/** The places in a pattern that are reached: those of the segments that come next. */
export type Reached = readonly number[];

/**
 * Reads a pattern such as `crm.*.at`; a backslash before `.`, `*` or `\` makes it an ordinary character of a key.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function parsePattern(text: string): PathPattern {
  return splitAtDots(text).map((pieces) => {
    const segment = pieces.join("");
    if (segment === "*" || segment === "**") return segment;
    if (segment === "") throw invalid(text, "a part of the path is empty");
    if (pieces.includes("*")) throw invalid(text, "a * stands for a whole part of a path");
    return {
      key: pieces.map((piece) => (piece.length > 1 && piece.startsWith("\\") ? piece.slice(1) : piece)).join(""),
    };
  });
}

/** Writes a pattern so that {@link parsePattern} reads it. */
export function writePattern(pattern: PathPattern): string {
  return pattern
    .map((segment) => (typeof segment === "string" ? segment : segment.key.replaceAll(/[.*\\]/g, "\\$&")))
    .join(".");
}

/** Where a walk through an output begins. */
export function startOf(pattern: PathPattern): Reached {
  return withSkipped(pattern, [0]);
}

/** Where it is one key further. */
export function advance(pattern: PathPattern, reached: Reached, key: string): Reached {
  const next: number[] = [];
  for (const index of reached) {
    const segment = pattern[index];
    if (segment === undefined) continue;
    if (segment === "**") next.push(index);
    else if (segment === "*" || segment.key === key) next.push(index + 1);
  }
  return withSkipped(pattern, next);
}

/** Whether a walk has reached a place that the pattern names. */
export function isNamed(pattern: PathPattern, reached: Reached): boolean {
  return reached.includes(pattern.length);
}

/** `**` also stands for nothing at all. */
function withSkipped(pattern: PathPattern, reached: readonly number[]): Reached {
  const all = new Set(reached);
  for (const index of all) if (pattern[index] === "**") all.add(index + 1);
  return [...all];
}

/** The parts of a path, each as its characters; an escaped character stays together with its backslash. */
function splitAtDots(text: string): string[][] {
  const parts: string[][] = [[]];
  for (const [piece] of text.matchAll(/\\?./gsu)) {
    if (piece === ".") parts.push([]);
    else parts.at(-1)?.push(piece);
  }
  return parts;
}

function invalid(text: string, reason: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `--ignore ${quoted(text)}: ${reason}.`);
}
