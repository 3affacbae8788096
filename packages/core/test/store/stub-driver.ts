import {
  type CheckpointStore,
  createdHead,
  DefinedStore,
  type ExecutionRecord,
  type StoreDriver,
  type StoredHead,
} from "../../src/store/index.ts";
import { newClaim, newCommit, newExecution } from "./requests.ts";

export const CAPABILITIES = { durable: true, multiProcess: true, maxPayloadBytes: 1_000 };
export const HEAD: ExecutionRecord = createdHead(newExecution("e1"), 5, 1_000);

/** Returns a driver whose methods throw unless they are given. */
export function driverWith(methods: Partial<StoreDriver>): StoreDriver {
  const unexpected = async (): Promise<never> => {
    throw new Error("The test does not expect a call of this method.");
  };
  return {
    createExecution: unexpected,
    readHead: unexpected,
    claimExecution: unexpected,
    commit: unexpected,
    isSnapshot: unexpected,
    readRecords: unexpected,
    listExecutions: unexpected,
    saveDefinition: unexpected,
    readDefinition: unexpected,
    deleteUnusedDefinitions: unexpected,
    deleteExecutions: unexpected,
    close: async () => {},
    ...methods,
  };
}

export function storeWith(methods: Partial<StoreDriver>): DefinedStore {
  return new DefinedStore(CAPABILITIES, driverWith(methods));
}

export function headWith(changes: Partial<ExecutionRecord>, ids: Partial<StoredHead> = {}): StoredHead {
  return { record: { ...HEAD, ...changes }, ...ids };
}

export const calls: Record<string, (store: CheckpointStore) => Promise<unknown>> = {
  createExecution: (store) => store.createExecution(newExecution("e1")),
  getExecution: (store) => store.getExecution("e1"),
  claimExecution: (store) => store.claimExecution("e1", newClaim()),
  commit: (store) => store.commit("e1", newCommit()),
  readCheckpoints: (store) => store.readCheckpoints("e1"),
  listExecutions: (store) => store.listExecutions(),
  saveDefinition: (store) => store.saveDefinition("h", "{}"),
  getDefinition: (store) => store.getDefinition("h"),
  deleteUnusedDefinitions: (store) => store.deleteUnusedDefinitions({ olderThanMs: 600_000 }),
  deleteExecutions: (store) => store.deleteExecutions([{ id: "e1" }]),
  setup: (store) => (store as DefinedStore).setup(),
};
