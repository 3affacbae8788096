import { WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";

/** A pattern for places in an output: keys, `*` for one key or index, `**` for any number of them. */
export type PathPattern = readonly PathSegment[];

/** A key, or any number of keys. */
export type PathSegment = { key: string } | "*" | "**";

/** The positions in a pattern that a walk has reached: the indexes of the next segments. */
export type Reached = readonly number[];

/**
 * Reads a pattern such as `crm.*.at`; a backslash before `.`, `*` or `\` makes it an ordinary character of a key.
 *
 * @param option The name of the option that has the pattern, for the message.
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function parsePathPattern(text: string, option = "ignore"): PathPattern {
  return splitAtDots(text).map((pieces) => {
    const segment = pieces.join("");
    if (segment === "*" || segment === "**") return segment;
    if (segment === "") throw invalid(option, text, "a part of the path is empty");
    if (pieces.includes("*")) throw invalid(option, text, "a * must be a whole part of the path");
    return {
      key: pieces.map((piece) => (piece.length > 1 && piece.startsWith("\\") ? piece.slice(1) : piece)).join(""),
    };
  });
}

/** Writes a pattern so that {@link parsePathPattern} reads it. */
export function writePathPattern(pattern: PathPattern): string {
  return pattern
    .map((segment) => (typeof segment === "string" ? segment : segment.key.replaceAll(/[.*\\]/g, "\\$&")))
    .join(".");
}

/** Returns the positions at the start of a walk through an output. */
export function startOf(pattern: PathPattern): Reached {
  return withSkipped(pattern, [0]);
}

/** Returns the positions one key further. */
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

/** Returns true if a walk has reached a place that the pattern matches. */
export function isNamed(pattern: PathPattern, reached: Reached): boolean {
  return reached.includes(pattern.length);
}

/** Adds the positions after each `**`, which also matches no key. */
function withSkipped(pattern: PathPattern, reached: readonly number[]): Reached {
  const all = new Set(reached);
  for (const index of all) if (pattern[index] === "**") all.add(index + 1);
  return [...all];
}

/** Splits a path into parts, each a list of characters. An escaped character keeps its backslash. */
function splitAtDots(text: string): string[][] {
  const parts: string[][] = [[]];
  for (const [piece] of text.matchAll(/\\?./gsu)) {
    if (piece === ".") parts.push([]);
    else parts.at(-1)?.push(piece);
  }
  return parts;
}

function invalid(option: string, text: string, reason: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `${option} ${quoted(text)}: ${reason}.`);
}
