import type { Call } from "./session.ts";

/** The collections of one store. */
export interface CollectionNames {
  /** Heads and slots. */
  executions: string;
  definitions: string;
}

/** The index that lists without any filter; a hint where another would walk rows that change places. */
export const CREATED_INDEX = "created";

// Partial, so that a commit's new slot has no entry in any of them.
const INDEXES = [
  onHeads(CREATED_INDEX, { createdAt: 1, id: 1 }),
  onHeads("status", { status: 1, createdAt: 1, id: 1 }),
  onHeads("workflow", { workflowId: 1, createdAt: 1, id: 1 }),
  onHeads("user", { userId: 1, createdAt: 1, id: 1 }),
  // The server removes what is left of a deleted execution, and ended executions that expire, once this time has come.
  { ...where("forgetAt", "deleted", { forgetAt: 1 }), expireAfterSeconds: 0 },
];

export function collectionNames(prefix: string): CollectionNames {
  return { executions: `${prefix}executions`, definitions: `${prefix}definitions` };
}

/** Makes the indexes that are missing. Several may do so at once. */
export async function createIndexes(call: Call, names: CollectionNames): Promise<void> {
  await call.command({ createIndexes: names.executions, indexes: INDEXES });
}

function onHeads(name: string, key: Record<string, 1>) {
  return where("createdAt", name, key);
}

/** An index of the documents that have a field. */
function where(field: string, name: string, key: Record<string, 1>) {
  return { name, key, partialFilterExpression: { [field]: { $exists: true } } };
}
