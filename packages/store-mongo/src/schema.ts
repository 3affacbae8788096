import type { Call } from "./session.ts";

/** The collections of one store. */
export interface CollectionNames {
  /** Heads and slots. */
  executions: string;
  definitions: string;
}

/** How long a deleted execution's last token is kept: longer than any server's clock is set back. */
const TOKENS_KEPT_SECONDS = 3_600;

/** The index that lists without any filter; a hint where another would walk rows that change places. */
export const CREATED_INDEX = "created";

// Slots have none of these fields, so sparse indexes hold heads only and a commit's new slot costs no entry in them.
const INDEXES = [
  { name: CREATED_INDEX, key: { createdAt: 1, id: 1 }, sparse: true },
  { name: "status", key: { status: 1, createdAt: 1, id: 1 }, sparse: true },
  { name: "workflow", key: { workflowId: 1, createdAt: 1, id: 1 }, sparse: true },
  { name: "user", key: { userId: 1, createdAt: 1, id: 1 }, sparse: true },
  { name: "deleted", key: { deletedAt: 1 }, sparse: true, expireAfterSeconds: TOKENS_KEPT_SECONDS },
  { name: "sweeping", key: { sweepingSince: 1 }, sparse: true },
];

export function collectionNames(prefix: string): CollectionNames {
  return { executions: `${prefix}executions`, definitions: `${prefix}definitions` };
}

/** Makes the indexes that are missing. Several may do so at once. */
export async function createIndexes(call: Call, names: CollectionNames): Promise<void> {
  await call.command({ createIndexes: names.executions, indexes: INDEXES });
}
