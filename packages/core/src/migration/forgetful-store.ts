import type { CheckpointStore, ExecutionRecord } from "../store/checkpoint-store.ts";
import { defineStore } from "../store/define-store.ts";
import { alreadyExists, claimedHead, committedHead, createdHead, notFound } from "../store/rules.ts";

const CAPABILITIES = { durable: false, multiProcess: false, maxPayloadBytes: 64 * 1024 * 1024 };

/**
 * A store for runs that nobody resumes: it keeps only the head of an execution, and forgets it when the execution ends.
 *
 * - So a comparison needs no more memory for a long run than for a short one, and nothing that a recovery could find.
 */
export function forgetfulStore(now: () => number): CheckpointStore {
  const heads = new Map<string, ExecutionRecord>();
  let lastToken = 0;
  const keep = (head: ExecutionRecord): ExecutionRecord => {
    heads.set(head.id, head);
    return { ...head, readAt: now() };
  };
  const known = (id: string): ExecutionRecord => {
    const head = heads.get(id);
    if (head === undefined) throw notFound(id);
    return head;
  };
  return defineStore(CAPABILITIES, {
    createExecution: async (execution) => {
      if (heads.has(execution.id)) throw alreadyExists(execution.id);
      return keep(createdHead(execution, ++lastToken, now()));
    },
    readHead: async (id) => {
      const record = heads.get(id);
      return record === undefined ? undefined : { record: { ...record, readAt: now() } };
    },
    claimExecution: async (id, request) => keep(claimedHead(known(id), request, ++lastToken, now())),
    commit: async (id, request) => {
      const head = committedHead(known(id), request, now());
      if (head.status === "running") heads.set(id, head);
      else heads.delete(id);
      return undefined;
    },
    isSnapshot: async () => true,
    readRecords: async () => [],
    listExecutions: async () => [],
    saveDefinition: async () => undefined,
    readDefinition: async () => undefined,
    deleteUnusedDefinitions: async () => 0,
    deleteExecutions: async () => 0,
    close: async () => undefined,
  });
}
