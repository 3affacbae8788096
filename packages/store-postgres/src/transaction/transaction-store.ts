import { WorkflowError } from "@waymark/core";
import { DefinedStore, type StoreCapabilities } from "@waymark/core/store";
import type { Database } from "../database.ts";
import { PostgresDriver } from "../postgres-driver.ts";
import type { TableNames } from "../sql/table-names.ts";

/** What a {@link TransactionStore} works by. */
export interface TransactionStoreOptions {
  capabilities: StoreCapabilities;
  names: TableNames;
  database: Database;
}

/** A view of the store for a transaction of the caller's: it creates executions, and does nothing else. */
export class TransactionStore extends DefinedStore {
  constructor({ capabilities, names, database }: TransactionStoreOptions) {
    super(capabilities, new PostgresDriver({ names, open: async () => database }));
  }

  override async getExecution(): Promise<never> {
    throw refused("getExecution");
  }
  override async claimExecution(): Promise<never> {
    throw refused("claimExecution");
  }
  override async commit(): Promise<never> {
    throw refused("commit");
  }
  override async readCheckpoints(): Promise<never> {
    throw refused("readCheckpoints");
  }
  override async listExecutions(): Promise<never> {
    throw refused("listExecutions");
  }
  override async getDefinition(): Promise<never> {
    throw refused("getDefinition");
  }
  override async deleteUnusedDefinitions(): Promise<never> {
    throw refused("deleteUnusedDefinitions");
  }
  override async deleteExecutions(): Promise<never> {
    throw refused("deleteExecutions");
  }
}

function refused(method: string): WorkflowError {
  return new WorkflowError(
    "INVALID_ARGUMENT",
    `A store in a transaction has saveDefinition and createExecution only; call ${method} on the store itself.`,
    { details: { method } },
  );
}
