import { positiveMs } from "../durations.ts";
import { type OptionTable, optional, texts } from "../option.ts";
import { tell } from "../tell.ts";
import { parsePathPattern } from "./path-pattern.ts";
import type { ReplayOptions } from "./replay.ts";

/**
 * Settings of a comparison of V2 with recordings of V1.
 *
 * @see https://github.com/waymark-dev/waymark/blob/main/docs/rollout.md#phase-1-compare
 */
export interface CompareOptions {
  /**
   * The node types whose own executors run in a comparison. Name only those **without side effects**: transformations,
   * conditions, loops. They may run twice. All others are answered from the recording. Default: none.
   */
  live?: readonly string[] | ((nodeType: string) => boolean);
  /**
   * The places in the context that differ by nature, such as `crm.*.at`; `*` is one key or index, `**` any number of them.
   * Times of the run itself, and values that differ between two runs of one live node, are found without it.
   */
  ignore?: readonly string[];
  /** Milliseconds after which a comparison is given up. Default: 5,000. */
  timeoutMs?: number;
}

/** The checks of {@link CompareOptions}. */
export const COMPARISON: OptionTable<CompareOptions> = {
  live: optional((value) => (typeof value === "function" ? undefined : texts.check(value))),
  ignore: optional(texts),
  timeoutMs: optional(positiveMs),
};

/** {@link CompareOptions}, checked and with their defaults. */
export type CheckedComparison = Pick<ReplayOptions, "isLive" | "ignored"> & { timeoutMs: number };

const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * Reads checked options.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT for a path that cannot be read
 */
export function replayOptionsOf(
  { live = [], ignore = [], timeoutMs = DEFAULT_TIMEOUT_MS }: CompareOptions,
  name: string,
): CheckedComparison {
  const isLive = (type: string): boolean => {
    if (typeof live !== "function") return live.includes(type);
    try {
      const answer: unknown = live(type);
      // It must not end the process if it is a promise that rejects.
      if (typeof answer !== "boolean") tell(() => answer, undefined);
      return answer === true;
    } catch {
      return false;
    }
  };
  return { isLive, ignored: ignore.map((path) => parsePathPattern(path, `${name}: ignore`)), timeoutMs };
}
