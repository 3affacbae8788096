import type { RetryPolicy } from "@waymark/core";
import type { Dropped } from "./dropped.ts";
import { isOn } from "./switched-on.ts";

/** The default, minimum and maximum of n8n's editor. */
const TRIES = { absent: 3, least: 2, most: 5 };
const WAIT_MS = { absent: 1_000, least: 0, most: 5_000 };

/**
 * Converts n8n's `retryOnFail`, `maxTries` and `waitBetweenTries` to a retry policy.
 *
 * - The wait is the same before each attempt. A value out of n8n's range is used as n8n uses it, and noted.
 */
export function readN8nRetry(
  node: Readonly<Record<string, unknown>>,
  name: string,
  dropped: Dropped,
): RetryPolicy | undefined {
  if (!isOn(node.retryOnFail)) return undefined;
  const read = (field: string, { absent, least, most }: typeof TRIES) => {
    const given = node[field] ?? absent;
    const number = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
    const isNumber = typeof number === "number" && Number.isFinite(number);
    const taken = isNumber ? Math.round(Math.min(most, Math.max(least, number))) : absent;
    if (taken !== number) dropped.add(`"${field}" is out of n8n's range, so ${taken} is used`, name);
    return taken;
  };
  const backoffMs = read("waitBetweenTries", WAIT_MS);
  return { maxAttempts: read("maxTries", TRIES), backoffMs, backoffFactor: 1 };
}
