import { WorkflowError } from "@waymark/core";
import {
  type CheckpointStore,
  defineStore,
  interceptStore,
  type StoreCapabilities,
  type StoreMethod,
} from "@waymark/core/store";
import type { Database } from "../database.ts";
import { PostgresDriver } from "../postgres-driver.ts";
import type { TableNames } from "../sql/table-names.ts";

/** Options of {@link transactionStore}. */
export interface TransactionStoreOptions {
  capabilities: StoreCapabilities;
  names: TableNames;
  database: Database;
  /** The caller's transaction, for the dispatcher of an engine. */
  transaction: unknown;
}

const ALLOWED: ReadonlySet<StoreMethod> = new Set<StoreMethod>(["saveDefinition", "createExecution"]);

/** Makes a view of the store for a transaction of the caller's. It creates executions and does nothing else. */
export function transactionStore({
  capabilities,
  names,
  database,
  transaction,
}: TransactionStoreOptions): CheckpointStore {
  const store = defineStore(capabilities, new PostgresDriver({ names, open: async () => database }));
  const view = interceptStore(store, (method, call) =>
    ALLOWED.has(method) ? call() : Promise.reject(refused(method)),
  );
  return { ...view, transaction };
}

function refused(method: StoreMethod): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    `A store in a transaction has saveDefinition and createExecution only; call ${method} on the store itself.`,
    { details: { method } },
  );
}
