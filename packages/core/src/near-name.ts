import { quoted } from "./text.ts";

/** The most letters in which a misspelt name may differ from the one that was meant. */
const MAX_DISTANCE = 2;
/** The longest name that is compared, in characters. */
const MAX_LENGTH = 40;

/**
 * Finds the known name that a misspelt name probably means: one that differs only in upper and lower case, or by one or
 * two letters that are wrong, missing or added. A name of one or two letters may differ only in case.
 */
export function nearName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_LENGTH) return undefined;
  const wanted = name.toLowerCase();
  let best: string | undefined;
  // One or two letters resemble too much.
  let least = (name.length < 3 ? 0 : Math.min(MAX_DISTANCE, Math.ceil(name.length / 3))) + 1;
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance >= least) continue;
    best = candidate;
    least = distance;
  }
  return best;
}

/** Returns the end of a message that names what was probably meant; empty if nothing was. */
export function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : ` (did you mean ${quoted(meant)}?)`;
}

/**
 * Counts the edits from one word to another. An edit adds, removes or replaces a letter, or swaps two neighbours
 * (optimal string alignment distance).
 */
export function editDistance(a: string, b: string): number {
  let [beforeLast, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j] ?? 0, (beforeLast[j - 2] ?? 0) + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
