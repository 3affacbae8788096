import { WorkflowError } from "@waymark/core";
import { quoted } from "@waymark/core/store";
import type { Call } from "./call.ts";
import { NOW } from "./documents.ts";
import type { CollectionNames } from "./schema.ts";

interface DefinitionDocument {
  /** The hash. */
  _id: string;
  json: unknown;
  /** The time of the last save, by the server's clock. Absent if the version before wrote it. */
  savedAt?: number;
}

/** The most hashes for which executions are looked up at a time. */
const AT_ONCE = 16;

/** Keeps a definition if its hash is new; notes the time in any case. */
export async function saveDefinition(call: Call, { definitions }: CollectionNames, hash: string, json: string) {
  const u = [{ $set: { json: { $ifNull: ["$json", { $literal: json }] }, savedAt: NOW } }];
  await call.update(definitions, [{ q: { _id: hash }, u, upsert: true }]);
}

/** Reads a definition. @throws {WorkflowError} STATE_CORRUPT if it is no text */
export async function readDefinition(call: Call, names: CollectionNames, hash: string): Promise<string | undefined> {
  const [definition] = await call.find<DefinitionDocument>(names.definitions, { _id: hash }, { limit: 1 });
  if (definition === undefined) return undefined;
  const { json } = definition;
  if (typeof json === "string") return json;
  throw new WorkflowError("STATE_CORRUPT", `Definition ${quoted(hash)} cannot be read.`, { details: { hash } });
}

/**
 * Deletes the definitions that no execution names and that were last saved `olderThanMs` ago or earlier. Returns their
 * number.
 *
 * - One whose time is not known counts as saved now.
 * - A definition that is saved again meanwhile stays.
 */
export async function deleteUnusedDefinitions(
  call: Call,
  { definitions, executions }: CollectionNames,
  olderThanMs: number,
): Promise<number> {
  await call.update(definitions, [
    { q: { savedAt: { $exists: false } }, u: [{ $set: { savedAt: NOW } }], multi: true },
  ]);
  const isOld = { savedAt: { $lte: (await call.now()) - olderThanMs } };
  const old = await call.find<{ _id: string }>(definitions, isOld, { projection: { _id: 1 } });
  let deleted = 0;
  for (let start = 0; start < old.length; start += AT_ONCE) {
    const hashes = old.slice(start, start + AT_ONCE).map(({ _id }) => _id);
    const users = await Promise.all(hashes.map((hash) => userOf(call, executions, hash)));
    const unused = hashes.filter((_, at) => users[at] === undefined);
    if (unused.length === 0) continue;
    const { n } = await call.delete(definitions, [{ _id: { $in: unused }, ...isOld }]);
    deleted += n;
  }
  return deleted;
}

/** Finds one of the executions that name a definition. */
async function userOf(call: Call, collection: string, definitionHash: string): Promise<object | undefined> {
  const [head] = await call.find<object>(collection, { definitionHash }, { limit: 1, projection: { _id: 1 } });
  return head;
}
