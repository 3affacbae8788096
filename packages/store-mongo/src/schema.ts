import type { Call } from "./call.ts";

/** The collections of one store. */
export interface CollectionNames {
  /** Heads, entries and parts. */
  executions: string;
  definitions: string;
}

/** The index of heads that wait for a time. */
export const DUE_INDEX = "due";
/** The index of running heads by a lower bound of the end of their lease. */
export const LEASE_INDEX = "lease";

// Each is of few documents only. No commit changes what a running head is indexed by. Still, on servers whose every version
// of a document has entries of its own, a commit costs one in each index that the head is in: so a running one is in few,
// and the others are of entries. The version before made an index "wake", which this one does not use.
const OF_EXECUTIONS = [
  onEntries("created", {}),
  onEntries("workflow", { workflowId: 1 }),
  onEntries("user", { userId: 1 }),
  where("createdAt", "status", { status: 1, createdAt: 1, id: 1 }),
  where("wakeAt", DUE_INDEX, { status: 1, wakeAt: 1, id: 1 }),
  { name: LEASE_INDEX, key: { leaseBound: 1, id: 1 }, partialFilterExpression: { status: "running" } },
  where("definitionHash", "definition", { definitionHash: 1 }),
  // The server removes what has ended or what is left of a deleted execution once this time has come.
  { ...where("forgetAt", "deleted", { forgetAt: 1 }), expireAfterSeconds: 0 },
];

export function collectionNames(prefix: string): CollectionNames {
  return { executions: `${prefix}executions`, definitions: `${prefix}definitions` };
}

/** Makes the indexes that are missing. Several may do so at once. */
export async function createIndexes(call: Call, names: CollectionNames): Promise<void> {
  await call.command({ createIndexes: names.executions, indexes: OF_EXECUTIONS });
}

function onEntries(name: string, key: Record<string, 1>) {
  return where("listedAt", name, { ...key, listedAt: 1, id: 1 });
}

/** An index of the documents that have a field. */
function where(field: string, name: string, key: Record<string, 1>) {
  return { name, key, partialFilterExpression: { [field]: { $exists: true } } };
}
