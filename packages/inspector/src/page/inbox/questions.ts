/** The fields of a suspended execution that tell what it waits for. */
export interface SuspendedFields {
  id: string;
  parentId?: string | undefined;
  parentNodeId?: string | undefined;
  waiting?: readonly { nodeId: string; reason?: string | undefined; until?: string | undefined }[] | undefined;
}

/**
 * Returns the executions that wait for a person, each question once.
 *
 * - A sleep is no question.
 * - The node that has called a child waits for the child's answer. Only the child is returned if both are given.
 */
export function questionsOf<T extends SuspendedFields>(items: readonly T[]): T[] {
  const asking = items.filter(
    ({ waiting = [] }) =>
      waiting.length === 0 || waiting.some(({ until, reason }) => until === undefined || reason !== undefined),
  );
  const askedByChildren = new Set(
    asking.map(({ parentId, parentNodeId }) => JSON.stringify([parentId ?? null, parentNodeId ?? null])),
  );
  return asking.filter(
    ({ id, waiting = [] }) =>
      waiting.length === 0 || waiting.some(({ nodeId }) => !askedByChildren.has(JSON.stringify([id, nodeId]))),
  );
}
