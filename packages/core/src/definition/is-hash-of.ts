import { sha256 } from "../crypto.ts";
import { WorkflowError } from "../errors.ts";
import { hashDefinition, RULE } from "./hash.ts";

/**
 * Returns whether a hash is that of a definition's JSON, by the rule with which the hash was made.
 *
 * @throws {WorkflowError} STATE_VERSION_UNSUPPORTED if a newer version of Waymark made the hash
 */
export function isHashOf(hash: string, json: string): boolean {
  const [, rule] = /^(\d{1,9}):/.exec(hash) ?? [];
  if (rule === undefined) return sha256(JSON.stringify(sortKeys(JSON.parse(json))), "hex") === hash;
  if (Number(rule) > RULE) {
    throw new WorkflowError(
      "STATE_VERSION_UNSUPPORTED",
      `The definition's hash was made by rule ${rule}; this version of Waymark knows rules up to ${RULE}. Update @waymark/core.`,
      { details: { rule: Number(rule), supported: RULE } },
    );
  }
  return hashDefinition(json) === hash;
}

/** Returns the canonical form of rule 1. Keys that look like whole numbers come before all others. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, each]) => [key, sortKeys(each)]));
}
