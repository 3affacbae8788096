import type { CompareFlags } from "./compare-flags.ts";

/**
 * Decides if the page is served after a comparison.
 *
 * - Without `--serve` and `--no-serve`: to a person at a terminal who has compared the bundled workflows. A script and a
 *   pipe get only the exit code.
 */
export function isServed(given: {
  files: readonly string[];
  flags: Pick<CompareFlags, "serve" | "json">;
  isTerminal: boolean;
}): boolean {
  const { files, flags, isTerminal } = given;
  return flags.serve ?? (isTerminal && files.length === 0 && flags.json !== true);
}
