import type { Call } from "./call.ts";

/** The collections of one store. */
export interface CollectionNames {
  /** Heads, entries and parts. */
  executions: string;
  definitions: string;
}

/** The name of the index of heads that wait for a time. */
export const DUE_INDEX = "due";
/** The name of the index of running heads, by a lower bound of the end of their lease. */
export const LEASE_INDEX = "lease";

// Each covers few documents. No commit changes a field by which a running head is indexed. Still, some servers make an
// entry for every version of a document in each of its indexes. So a running head is in few of them, and the others are
// of entries. The version before made an index "wake", which this version does not use.
const OF_EXECUTIONS = [
  onEntries("created", {}),
  onEntries("workflow", { workflowId: 1 }),
  onEntries("user", { userId: 1 }),
  where("createdAt", "status", { status: 1, createdAt: 1, id: 1 }),
  where("wakeAt", DUE_INDEX, { status: 1, wakeAt: 1, id: 1 }),
  { name: LEASE_INDEX, key: { leaseBound: 1, id: 1 }, partialFilterExpression: { status: "running" } },
  where("definitionHash", "definition", { definitionHash: 1 }),
  // The server removes ended executions and the marks of deleted ones once this time has come.
  { ...where("forgetAt", "deleted", { forgetAt: 1 }), expireAfterSeconds: 0 },
];

export function collectionNames(prefix: string): CollectionNames {
  return { executions: `${prefix}executions`, definitions: `${prefix}definitions` };
}

/** Makes the indexes that are missing. Several processes may do so at a time. */
export async function createIndexes(call: Call, names: CollectionNames): Promise<void> {
  await call.command({ createIndexes: names.executions, indexes: OF_EXECUTIONS });
}

function onEntries(name: string, key: Record<string, 1>) {
  return where("listedAt", name, { ...key, listedAt: 1, id: 1 });
}

/** Returns an index of the documents that have a field. */
function where(field: string, name: string, key: Record<string, 1>) {
  return { name, key, partialFilterExpression: { [field]: { $exists: true } } };
}
