import { sha256 } from "../crypto.ts";

/** The hexadecimal digits of the hash that are used: 52 bits, which a number holds exactly. */
const DIGITS = 13;

/**
 * Returns the place of a key among 100 percent: 0 or more, less than 100.
 *
 * - It is the first 52 bits of the SHA-256 (FIPS 180-4) of the key's UTF-8, as a part of 2^52, times 100. So it depends on
 *   nothing but the key: every process, now and later, computes the same place.
 * - A rollout to `percent` takes the keys whose place is below it. So a higher percent only adds keys.
 */
export function stickyPercent(key: string): number {
  return (Number.parseInt(sha256(key, "hex").slice(0, DIGITS), 16) / 2 ** (4 * DIGITS)) * 100;
}
