import type { Call } from "./session.ts";

/** The collections of one store. */
export interface CollectionNames {
  /** Heads, entries and parts. */
  executions: string;
  definitions: string;
}

/** The index of heads that wait for a time. */
export const WAKE_INDEX = "wake";

// Each is of few documents only. A commit changes a head, and on servers whose every version of a document has entries of
// its own that costs an entry in each index that the head is in: so a running one is in one, and the others are of entries.
const INDEXES = [
  onEntries("created", {}),
  onEntries("workflow", { workflowId: 1 }),
  onEntries("user", { userId: 1 }),
  where("createdAt", "status", { status: 1, createdAt: 1, id: 1 }),
  where("wakeAt", WAKE_INDEX, { wakeAt: 1 }),
  // The server removes what has ended or what is left of a deleted execution once this time has come.
  { ...where("forgetAt", "deleted", { forgetAt: 1 }), expireAfterSeconds: 0 },
];

export function collectionNames(prefix: string): CollectionNames {
  return { executions: `${prefix}executions`, definitions: `${prefix}definitions` };
}

/** Makes the indexes that are missing. Several may do so at once. */
export async function createIndexes(call: Call, names: CollectionNames): Promise<void> {
  await call.command({ createIndexes: names.executions, indexes: INDEXES });
}

function onEntries(name: string, key: Record<string, 1>) {
  return where("listedAt", name, { ...key, listedAt: 1, id: 1 });
}

/** An index of the documents that have a field. */
function where(field: string, name: string, key: Record<string, 1>) {
  return { name, key, partialFilterExpression: { [field]: { $exists: true } } };
}
