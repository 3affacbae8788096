import type { WaitingNode } from "./checkpoint-store.ts";
import { checkCount, checkId, checkName, checkObject, checkTime, invalid, isPlainPrototype } from "./checks.ts";
import { checkFields, type Fields, fieldsOf, needed, optional } from "./fields.ts";

/*
 * Checks of the structured values of a head. They apply to arguments and to values from a database.
 */

/** The most waiting nodes that a head lists. */
export const MAX_WAITING = 100;
/** The longest reason of a wait, in characters. */
export const MAX_REASON_LENGTH = 200;
/** The largest metadata, in bytes of its JSON text. */
export const MAX_METADATA_BYTES = 4_096;

const WAITING: Fields = fieldsOf<WaitingNode>("a waiting node", "waiting.", {
  nodeId: needed(checkId),
  nodeName: needed(checkName),
  visit: needed(checkCount),
  reason: optional((value, path) => {
    checkText(value, path);
    if (value.length > MAX_REASON_LENGTH) throw invalid(path, `must be at most ${MAX_REASON_LENGTH} characters`);
  }),
  since: needed(checkTime),
  until: optional(checkTime),
});

/** Checks the waiting nodes that a head lists. */
export function checkWaiting(value: unknown, name: string): void {
  if (!Array.isArray(value)) throw invalid(name, "must be an array");
  if (value.length > MAX_WAITING) throw invalid(name, `must list at most ${MAX_WAITING} nodes, not ${value.length}`);
  for (const node of value) checkFields(node, WAITING);
}

/** Checks metadata: a plain object whose values are strings. */
export function checkMetadata(value: unknown, name: string): void {
  checkObject(value, name);
  if (!isPlainPrototype(Object.getPrototypeOf(value))) throw invalid(name, "must be a plain object");
  for (const [key, text] of Object.entries(value)) {
    checkText(key, name);
    checkText(text, `${name}.${key.slice(0, MAX_REASON_LENGTH)}`);
  }
  if (Buffer.byteLength(JSON.stringify(value)) > MAX_METADATA_BYTES) {
    throw invalid(name, `must be at most ${MAX_METADATA_BYTES} bytes as JSON`);
  }
}

/** Accepts any text, U+0000 and lone surrogates included: JSON escapes both. */
function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw invalid(name, "must be a string");
}
