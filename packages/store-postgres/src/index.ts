export type { PGliteLike, PoolLike, PostgresClient } from "./borrow-database.ts";
export type {
  PostgresConnectOptions,
  PostgresDirectoryOptions,
  PostgresServerOptions,
  PostgresStoreOptions,
  PostgresTransactionOptions,
} from "./options.ts";
export { PostgresCheckpointStore } from "./postgres-checkpoint-store.ts";
export type { TableLocation } from "./sql/table-names.ts";
export type {
  EntityManagerLike,
  PGliteTransactionLike,
  PostgresTransaction,
  QueryRunnerLike,
  TransactionClientLike,
} from "./transaction/postgres-transaction.ts";
