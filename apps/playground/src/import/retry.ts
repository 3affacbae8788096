import type { RetryPolicy } from "@waymark/core";
import type { Dropped } from "./dropped.ts";

/** What n8n takes for an absent value, and the least and the most that its editor lets people enter. */
const TRIES = { absent: 3, least: 2, most: 5 };
const WAIT_MS = { absent: 1_000, least: 0, most: 5_000 };

/**
 * Makes a retry policy of n8n's `retryOnFail`, `maxTries` and `waitBetweenTries`.
 *
 * - The wait is the same before each attempt. What is out of n8n's range is taken as n8n takes it, and noted.
 */
export function readN8nRetry(
  node: Readonly<Record<string, unknown>>,
  name: string,
  dropped: Dropped,
): RetryPolicy | undefined {
  if (node.retryOnFail !== true && node.retryOnFail !== "true") return undefined;
  const read = (field: string, { absent, least, most }: typeof TRIES) => {
    const given = node[field] ?? absent;
    const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
    const isNumber = typeof number === "number" && Number.isFinite(number);
    const taken = isNumber ? Math.round(Math.min(most, Math.max(least, number))) : absent;
    if (taken !== number) dropped.add(`"${field}" is out of n8n's range, and taken as ${taken}`, name);
    return taken;
  };
  const backoffMs = read("waitBetweenTries", WAIT_MS);
  return { maxAttempts: read("maxTries", TRIES), backoffMs, backoffFactor: 1 };
}
