import type { CheckpointStore, StoreCapabilities } from "../store/checkpoint-store.ts";
import { defineStore } from "../store/define-store.ts";
import { createdHead } from "../store/rules.ts";
import type { StoreDriver } from "../store/store-driver.ts";

/**
 * Makes a store that checks what it is asked to write, as every store does, and keeps nothing.
 *
 * - It takes new executions and their commits only, so it serves runs that nobody resumes.
 */
export function rehearsalStore(capabilities: StoreCapabilities): CheckpointStore {
  return defineStore(capabilities, DRIVER);
}

const DRIVER: StoreDriver = {
  createExecution: async (execution) => createdHead(execution, 1, Date.now()),
  commit: async () => undefined,
  readHead: async () => undefined,
  deleteExecutions: async () => 0,
  claimExecution: unused,
  isSnapshot: unused,
  readRecords: unused,
  listExecutions: unused,
  saveDefinition: async () => undefined,
  readDefinition: unused,
  deleteUnusedDefinitions: unused,
  close: async () => undefined,
};

function unused(): never {
  throw new Error("A rehearsal only creates executions and commits.");
}
